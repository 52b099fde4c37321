# A boot sector that turns on 4-level paging, reads one byte at 0x7f1234567abc, and halts.
# Tables: PML4 0x1000; for the address PDPT 0x2000, PD 0x3000, PT 0x4000, page 0x9000; the first 2 MiB map to themselves.
        .code16
        .globl  _start
_start: cli
        xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    $0x1000, %di
        movw    $0x3000, %cx
        rep stosw
        movl    $0x5007, 0x1000
        movl    $0x6007, 0x5000
        movl    $0x0083, 0x6000
        movl    $0x2007, 0x1000 + 8 * 254
        movl    $0x3007, 0x2000 + 8 * 72
        movl    $0x4007, 0x3000 + 8 * 418
        movl    $0x9007, 0x4000 + 8 * 359
        lgdt    table
        movl    $0x20, %eax                     # CR4.PAE
        movl    %eax, %cr4
        movl    $0x1000, %eax
        movl    %eax, %cr3
        movl    $0xc0000080, %ecx               # IA32_EFER: NXE and LME
        rdmsr
        orl     $0x900, %eax
        wrmsr
        movl    %cr0, %eax
        orl     $0x80010001, %eax               # PG, WP, PE
        movl    %eax, %cr0
        ljmp    $8, $long

        .code64
long:   movabsq $0x7f1234567abc, %rax
        movb    (%rax), %bl
halt:   hlt
        jmp     halt

        .balign 8
gdt:    .quad   0, 0x00209a0000000000
table:  .word   . - gdt - 1
        .long   gdt
        .org    510
        .word   0xaa55
