# The firmware of a bare machine: brings the processor into the mode that a note asks for, then calls its program.
#
# Assembled with BITS (16, 32, 64) and LA57 (0, 1: five levels of tables). 64 KiB at F000:0000, where the processor
# begins: Intel SDM volume 3, "First Instruction Executed". What the program finds is in the author's guide.

        .set    PROGRAM, 0x7c00
        .set    RAM, 0x800              # the descriptor table, and the ways out
        .set    LEVEL4, 0x1000
        .set    LEVEL3, 0x2000
        .set    LEVEL2, 0x3000
        .set    LEVEL5, 0x4000
        .set    EXIT_PORT, 0xf4

        .code16
start:  cli
        cld
        xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movw    $PROGRAM, %sp
        movw    $copied, %si
        movw    $RAM, %di
        movw    $(copied_end - copied), %cx
        rep movsb %cs:(%si), %es:(%di)
        xorw    %di, %di                # no interrupt of real mode has a handler
        movw    $256, %cx
vector: movw    $(RAM + unhandled - copied), (%di)
        movw    $0, 2(%di)
        addw    $4, %di
        loop    vector
.if BITS == 16
        xorw    %di, %di
        xorw    %si, %si
        pushw   $(RAM + returned - copied)
        ljmpw   $0, $PROGRAM
.else
        lgdtl   %cs:descriptors
        lidtl   %cs:no_vectors          # an exception that has no handler shuts the processor down
.if BITS == 64
        movw    $(LEVEL3 + 7), LEVEL4
        movw    $(LEVEL2 + 7), LEVEL3
        movw    $(LEVEL4 + 7), LEVEL5
        movw    $LEVEL2, %di            # 1 GiB in pages of 2 MiB, each address mapped to itself
        movl    $0x87, %eax
        movw    $512, %cx
page:   movl    %eax, (%di)
        addl    $0x200000, %eax
        addw    $8, %di
        loop    page
        movl    $(0x20 + LA57 * 0x1000), %eax
        movl    %eax, %cr4              # PAE, LA57
        movl    $(LEVEL4 + LA57 * (LEVEL5 - LEVEL4)), %eax
        movl    %eax, %cr3
        movl    $0xc0000080, %ecx
        movl    $0x900, %eax            # EFER.NXE, EFER.LME
        xorl    %edx, %edx
        wrmsr
        movl    $0x80010011, %eax       # PG, WP, ET, PE
.else
        movl    $0x11, %eax             # ET, PE
.endif
        movl    %eax, %cr0
        ljmpl   $0x08, $(RAM + protected - copied)
.endif

        .balign 4
descriptors:
        .word   16 * 8 - 1
        .long   RAM
no_vectors:
        .word   0
        .long   0

        .balign 16
copied: .quad   0
.if BITS == 64
        .quad   0x00af9b000000ffff      # 08 code
        .quad   0x00cf93000000ffff      # 10 data
        .quad   0x00affb000000ffff      # 18 code of user mode
.else
        .quad   0x00cf9b000000ffff
        .quad   0x00cf93000000ffff
        .quad   0x00cffb000000ffff
.endif
        .quad   0x00cff3000000ffff      # 20 data of user mode
        .fill   11, 8, 0                # the program's own
unhandled:
        lidtl   %cs:(RAM + nothing - copied)
        int3
nothing:
        .word   0
        .long   0
.if BITS == 16
returned:
        xorw    %ax, %ax
        outb    %al, $EXIT_PORT
.else
.if BITS == 64
        .code64
.else
        .code32
.endif
protected:
        movw    $0x10, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movw    %ax, %fs
        movw    %ax, %gs
        movl    $PROGRAM, %esp
        push    $(RAM + returned - copied)
        xorl    %eax, %eax
        xorl    %ecx, %ecx
        xorl    %edi, %edi
        xorl    %esi, %esi
        .byte   0xe9                    # to where the program is, wherever this was copied to
        .long   PROGRAM - (RAM + jumped - copied)
jumped:
returned:
        xorl    %eax, %eax
        outb    %al, $EXIT_PORT
.endif
copied_end:

        .org    0xfff0
        .code16
        ljmpw   $0xf000, $start
        .org    0x10000
