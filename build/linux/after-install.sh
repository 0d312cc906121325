#!/bin/sh
set -e
app='/opt/RushCatalog Agent'
ln -sf "$app/resources/rushcatalog-agent" /usr/bin/rushcatalog-agent
ln -sf "$app/rushcatalog-desktop" /usr/bin/rushcatalog-desktop
# Chromium's sandbox where the kernel has no unprivileged user namespaces.
if [ -f "$app/chrome-sandbox" ]; then chmod 4755 "$app/chrome-sandbox"; fi
if ! getent passwd rushcatalog >/dev/null; then
  useradd --system --user-group --no-create-home --home-dir /var/lib/rushcatalog-agent --shell /usr/sbin/nologin rushcatalog
fi
# The devices of GPU encoders belong to these groups; not every machine has them.
for group in video render; do
  if getent group "$group" >/dev/null; then usermod --append --groups "$group" rushcatalog; fi
done
# Whoever may see and pause the service of this machine; nobody is in it at first.
if ! getent group rushcatalog-users >/dev/null; then groupadd --system rushcatalog-users; fi
# Policy, enrolment token, CA: written by root, read by the service.
install -d -m 750 -o root -g rushcatalog /etc/rushcatalog-agent
install -D -m 644 "$app/resources/service/rushcatalog-agent.service" /lib/systemd/system/rushcatalog-agent.service
if command -v update-desktop-database >/dev/null 2>&1; then update-desktop-database -q /usr/share/applications || true; fi
# A service that runs goes on with the new version; one that was never switched on stays off.
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload || true
  systemctl try-restart rushcatalog-agent.service || true
fi
exit 0
