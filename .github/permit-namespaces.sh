# Lets users without privileges, as which the sandbox runs, have capabilities in a namespace of their own. Ubuntu
# 24.04 restricts that, in a container too; the setting is the runner's, a machine that lives for one job.
set -eu
setting=/proc/sys/kernel/apparmor_restrict_unprivileged_userns
[ ! -e "$setting" ] || echo 0 >"$setting"
