sed -n 's/menuentry \'\(.*,\ .*\)\' --class.*$/\1/p' grub.cfg
