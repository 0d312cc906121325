make_account rushcatalog-server /var/lib/rushcatalog-server 'RushCatalog server'
# Certificate, key, passwords: written by root, read by the service.
install -d -m 750 -o root -g rushcatalog-server /etc/rushcatalog-server
