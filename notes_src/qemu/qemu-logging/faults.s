        mov     $3, %ecx
again:  mov     $'.', %al
        out     %al, $0xe9
        loop    again
        ud2
