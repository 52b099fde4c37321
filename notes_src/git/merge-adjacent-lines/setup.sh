# A repository with an identity and one commit, tagged "base", of the files conf and ledger.
git init -q -b main .
git config user.name Author
git config user.email author@example.org
printf '%s\n' 'port = 80' 'host = a' 'user = b' 'root = /' >conf
printf '%s\n' 'account 17' 'opening 100' >ledger
git add conf ledger
git commit -q -m base
git tag base
