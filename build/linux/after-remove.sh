#!/bin/sh
set -e
# dpkg calls this with "remove" or "purge", rpm with the number of versions that stay: an upgrade keeps everything.
case "$1" in
  upgrade | failed-upgrade | abort-* | 1) exit 0 ;;
esac
# rushcatalog-agent-headless takes our place on a machine: then program and unit of these names are its own already.
theirs() { [ -e /usr/lib/rushcatalog-agent/runtime/rushcatalog-agent ]; }
rm -f /usr/bin/rushcatalog-desktop
if ! theirs; then
  if [ -d /run/systemd/system ]; then systemctl disable --now rushcatalog-agent.service || true; fi
  rm -f /usr/bin/rushcatalog-agent /lib/systemd/system/rushcatalog-agent.service
fi
if [ -d /run/systemd/system ]; then systemctl daemon-reload || true; fi
# Policy and data belong to whoever manages the machine: they go with "purge" only, and data never.
if theirs; then exit 0; fi
if [ "$1" = purge ]; then rm -rf /etc/rushcatalog-agent; else rmdir /etc/rushcatalog-agent 2>/dev/null || true; fi
exit 0
