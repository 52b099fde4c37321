# A repository in whose newest commit, "Listen on b", the first hunk of change.patch finds another line.
git init -q -b main .
git config user.name Maintainer
git config user.email maintainer@example.org
echo hello >motd
printf '%s\n' '[server]' 'port = 80' 'host = a' 'user = www' 'root = /srv' 'index = on' 'gzip = off' 'cache = 60' \
    '[log]' 'level = info' 'file = access' 'keep = 7' 'size = 100' >conf
git add conf motd
git commit -q -m base
sed -i 's/^host = a/host = b/' conf
git commit -q -a -m 'Listen on b'
