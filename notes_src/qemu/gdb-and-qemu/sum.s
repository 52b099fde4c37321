        mov     $4, %ecx
        xor     %eax, %eax
next:   add     %ecx, %eax
        loop    next
        mov     %eax, total
done:   out     %al, $0xf4
        .data
total:  .long   0
