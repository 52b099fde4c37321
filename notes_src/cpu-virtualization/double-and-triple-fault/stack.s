# A page fault whose frame finds no stack, with and without a stack of its own for #DF.
        .set    GDT, 0x800              # the loader's; the entries from 0x28 on are free
        .set    IDT, 0x10000
        .set    TSS, 0x11000
        .ifndef IST
        .set    IST, 1                  # the stack of the gate of #DF; 0: the one that is in use
        .endif
        .set    NOWHERE, 0x40000000     # the first address that is not mapped

        # a gate of 16 bytes: the handler's address, the code segment, the stack, the type
        mov     $page_fault, %eax
        mov     %ax, IDT + 14 * 16
        movw    $0x0008, IDT + 14 * 16 + 2
        movw    $0x8e00, IDT + 14 * 16 + 4
        mov     $double_fault, %eax
        mov     %ax, IDT + 8 * 16
        movw    $0x0008, IDT + 8 * 16 + 2
        movw    $0x8e00 + IST, IDT + 8 * 16 + 4
        lidt    vectors
        movq    $TSS + 0x1000, TSS + 36 # IST1
        movl    $(TSS & 0xffff) << 16 | 0x67, GDT + 0x28
        movl    $0x8900 | TSS >> 16, GDT + 0x2c
        mov     $0x28, %eax
        ltr     %ax
# [start:fault]
        mov     $NOWHERE + 0x1000, %esp # a stack that is not there
        mov     NOWHERE + 0x1000, %al   # a page fault

page_fault:
        mov     $'P', %al
        out     %al, $0xe9
        hlt
double_fault:
        mov     $'D', %al
        out     %al, $0xe9
        pop     %rax                    # the error code
        out     %al, $0xf4
# [end:fault]

vectors:
        .word   15 * 16 - 1
        .quad   IDT
