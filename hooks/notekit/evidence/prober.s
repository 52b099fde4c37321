# Makes accesses to memory on a bare machine, each with tables and registers of its own, and tells what came of them.
#
# Loaded at 0x7c00, in 64-bit mode. The parameters stand at offset 8, the cases at offset 0x1000 (booting.py writes
# both). It moves itself to BASE, a stretch of 2 MiB that no case uses, and runs at WINDOW + what is its offset there:
# an entry of the top table that no case uses leads to WINDOW, in its own tables and, for the time of its access, in
# those of each case. Its own tables map all memory to itself too, so that it can write a case's.

        .set    CODE, 0x0000            # offsets from BASE and WINDOW
        .set    USER, 0x4000            # the one page of user mode
        .set    STACK, 0x6000           # its top
        .set    IDT, 0x6000
        .set    GDT, 0x7000
        .set    TSS, 0x7800
        .set    TOP4, 0x8000
        .set    SAME, 0x9000            # two tables: 1 TiB to itself
        .set    WINDOW3, 0xb000
        .set    WINDOW2, 0xc000
        .set    WINDOW1, 0xd000
        .set    TOP5, 0xe000
        .set    WINDOW4, 0xf000
        .set    CASES, 0x10000
        .set    FIELDS, 10 * 8          # of a case, before its words
        .set    DONE, 0x80              # the interrupt that says that an access was made
        .set    DEBUG_PORT, 0xe9
        .set    EXIT_PORT, 0xf4

start:  jmp     move
        .balign 8
base:   .quad   0
window: .quad   0
slot:   .quad   0                       # offset, in the top table, of the entry that leads to WINDOW
levels: .quad   0                       # 4 or 5
size:   .quad   0                       # of the cases, in bytes
own_cr3:
        .quad   0
own_cr4:
        .quad   0

move:   mov     base(%rip), %rbx
        lea     start(%rip), %rsi
        mov     %rbx, %rdi
        mov     $0x1000, %ecx
        rep movsb
        lea     CASES(%rbx), %rdi
        mov     size(%rip), %rcx
        rep movsb
        lea     snippets(%rip), %rsi
        lea     USER(%rbx), %rdi
        mov     $snippets_end - snippets, %ecx
        rep movsb
        # all memory to itself, in pages of 1 GiB
        lea     SAME(%rbx), %rdi
        mov     $0x83, %eax
        mov     $1024, %ecx
1:      mov     %rax, (%rdi)
        add     $0x40000000, %rax
        add     $8, %rdi
        loop    1b
        lea     SAME + 3(%rbx), %rax
        mov     %rax, TOP4(%rbx)
        add     $0x1000, %rax
        mov     %rax, TOP4 + 8(%rbx)
        # the window: 2 MiB in pages of 4 KiB, of supervisor mode but for one
        lea     WINDOW1(%rbx), %rdi
        lea     3(%rbx), %rax
        mov     $512, %ecx
2:      mov     %rax, (%rdi)
        add     $0x1000, %rax
        add     $8, %rdi
        loop    2b
        orl     $4, WINDOW1 + USER / 0x1000 * 8(%rbx)
        lea     WINDOW1 + 7(%rbx), %rax
        mov     %rax, WINDOW2(%rbx)
        lea     WINDOW2 + 7(%rbx), %rax
        mov     %rax, WINDOW3(%rbx)
        lea     WINDOW3 + 7(%rbx), %rax
        mov     %rax, WINDOW4(%rbx)
        lea     TOP4(%rbx), %rdx
        mov     slot(%rip), %rcx
        cmpq    $4, levels(%rip)
        je      3f
        lea     TOP4 + 7(%rbx), %rax
        mov     %rax, TOP5(%rbx)
        lea     WINDOW4 + 7(%rbx), %rax
        lea     TOP5(%rbx), %rdx
3:      mov     %rax, (%rdx,%rcx)
        mov     %rdx, own_cr3 - start(%rbx)
        mov     %cr4, %rax
        mov     %rax, own_cr4 - start(%rbx)
        # descriptors
        lea     descriptors(%rip), %rsi
        lea     GDT(%rbx), %rdi
        mov     $descriptors_end - descriptors, %ecx
        rep movsb
        mov     %rdx, %cr3
        mov     window(%rip), %rax
        lea     here - start(%rax), %rcx
        jmp     *%rcx

        # From here on at WINDOW, in %rbp.
here:   mov     %rax, %rbp
        lea     STACK(%rbp), %rsp
        lea     TSS(%rbp), %rax         # its descriptor's base, and where every exception finds its stack
        mov     %rsp, 36(%rax)          # IST1
        mov     %ax, GDT + 0x2a(%rbp)
        shr     $16, %rax
        mov     %al, GDT + 0x2c(%rbp)
        mov     %ah, GDT + 0x2f(%rbp)
        shr     $16, %rax
        mov     %eax, GDT + 0x30(%rbp)
        lea     GDT(%rbp), %rax
        push    %rax
        pushw   $0x37
        lgdt    (%rsp)
        lea     gates(%rip), %rsi
        lea     IDT(%rbp), %rdi
        xor     %ecx, %ecx
4:      mov     %rsi, %rax
        mov     %ax, (%rdi)
        movl    $0xee010008, %edx       # an interrupt gate that user mode may call, through IST1
        mov     %dx, 2(%rdi)
        shr     $16, %edx
        mov     %dl, 4(%rdi)
        mov     %dh, 5(%rdi)
        shr     $16, %rax
        mov     %ax, 6(%rdi)
        shr     $16, %rax
        mov     %eax, 8(%rdi)
        add     $16, %rdi
        add     $gate_size, %rsi
        inc     %ecx
        cmp     $DONE + 1, %ecx
        jne     4b
        lea     IDT(%rbp), %rax
        push    %rax
        pushw   $(DONE + 1) * 16 - 1
        lidt    (%rsp)
        lea     STACK(%rbp), %rsp
        mov     $0x28, %eax
        ltr     %ax
        xor     %edi, %edi              # what the loader and this program left in low memory
        xor     %eax, %eax
        mov     $0x80000 / 8, %ecx
        rep stosq
        lea     CASES(%rbp), %r15

next:   lea     STACK(%rbp), %rsp
        mov     (%r15), %r14            # how many words
        test    %r14, %r14
        js      finish
        lea     FIELDS(%r15), %rsi
        mov     %r14, %rcx
        jrcxz   6f
5:      mov     (%rsi), %rdi
        mov     8(%rsi), %rax
        mov     %rax, (%rdi)
        add     $16, %rsi
        loop    5b
6:      mov     %rsi, %r13              # the next case
        xor     %eax, %eax
        mov     %rax, %cr2
        mov     own_cr4(%rip), %rax
        or      $0x400000, %rax         # PKE, to write PKRU
        mov     %rax, %cr4
        mov     56(%r15), %eax
        xor     %ecx, %ecx
        xor     %edx, %edx
        wrpkru
        mov     $0xc0000080, %ecx
        mov     48(%r15), %eax
        wrmsr
        mov     40(%r15), %rax
        or      $0x80, %rax             # PGE, and without: nothing stays in the TLB
        mov     %rax, %cr4
        mov     40(%r15), %rax
        mov     %rax, %cr4
        mov     32(%r15), %rax
        mov     %rax, %cr0
        mov     24(%r15), %rdi
        mov     8(%r15), %rbx
        shl     $4, %rbx                # a snippet has 16 bytes
        mov     72(%r15), %rdx          # RFLAGS
        or      $2, %rdx
        mov     64(%r15), %rax
        cmpq    $0, 16(%r15)
        mov     %rax, %cr3
        mov     $0xa5, %eax
        jne     7f
        push    %rdx
        popfq
        lea     snippets(%rip), %rcx
        add     %rbx, %rcx
        jmp     *%rcx
7:      lea     USER(%rbp,%rbx), %rcx
        push    $0x23
        push    $0
        push    %rdx
        push    $0x1b
        push    %rcx
        iretq

        .balign 16
snippets:
        mov     (%rdi), %al
        int     $DONE
        .balign 16
        mov     %al, (%rdi)
        int     $DONE
        .balign 16
        jmp     *%rdi
snippets_end:

finish: xor     %eax, %eax
        out     %al, $EXIT_PORT

        # An exception, or the end of an access: %rsp points to %rax, the vector, the error code, RIP …
common: push    %rax
        mov     own_cr3(%rip), %rax
        mov     %rax, %cr3
        mov     own_cr4(%rip), %rax
        mov     %rax, %cr4
        mov     $0x80010011, %eax
        mov     %rax, %cr0
        mov     8(%rsp), %rax
        call    tell
        mov     16(%rsp), %rax
        call    tell
        mov     %cr2, %rax
        call    tell
        mov     24(%rsp), %rax
        call    tell
        mov     (%rsp), %rax
        call    tell
        lea     FIELDS(%r15), %rsi
8:      cmp     %r13, %rsi
        je      9f
        mov     (%rsi), %rdi
        mov     (%rdi), %rax
        movq    $0, (%rdi)
        call    tell
        add     $16, %rsi
        jmp     8b
9:      mov     %r13, %r15
        jmp     next

tell:   mov     $8, %ecx
10:     out     %al, $DEBUG_PORT
        shr     $8, %rax
        loop    10b
        ret

        .balign 8
descriptors:
        .quad   0
        .quad   0x00af9b000000ffff
        .quad   0x00cf93000000ffff
        .quad   0x00affb000000ffff
        .quad   0x00cff3000000ffff
        .quad   0x0000890000000067      # the task state
        .quad   0
descriptors_end:

        .set    gate_size, 16
        .balign 16
gates:  .set    vector, 0
        .rept   DONE + 1
        .balign 16
        .if     vector != 8 && (vector < 10 || vector > 14) && vector != 17 && vector != 21 && vector != 29 && vector != 30
        push    $0
        .endif
        push    $vector
        jmp     common
        .set    vector, vector + 1
        .endr
