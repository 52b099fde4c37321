        .set    IST, 0
        .include "stack.s"
