make_account rushcatalog /var/lib/rushcatalog-agent 'RushCatalog Agent'
# The devices of GPU encoders belong to these groups; not every machine has them.
for group in video render; do
  if getent group "$group" >/dev/null; then usermod --append --groups "$group" rushcatalog; fi
done
# Whoever may see and pause the service of this machine; nobody is in it at first.
if ! getent group rushcatalog-users >/dev/null; then groupadd --system rushcatalog-users; fi
# Policy, enrolment token, CA: written by root, read by the service.
install -d -m 750 -o root -g rushcatalog /etc/rushcatalog-agent
