#!/bin/sh
set -e
# dpkg calls this with "remove" or "purge", rpm with the number of versions that stay: an upgrade keeps everything.
case "$1" in
  upgrade | failed-upgrade | abort-* | 1) exit 0 ;;
esac
if [ -d /run/systemd/system ]; then systemctl disable --now rushcatalog-agent.service || true; fi
rm -f /usr/bin/rushcatalog-agent /usr/bin/rushcatalog-desktop /lib/systemd/system/rushcatalog-agent.service
if [ -d /run/systemd/system ]; then systemctl daemon-reload || true; fi
# Policy and data belong to whoever manages the machine: they go with "purge" only, and data never.
if [ "$1" = purge ]; then rm -rf /etc/rushcatalog-agent; else rmdir /etc/rushcatalog-agent 2>/dev/null || true; fi
exit 0
