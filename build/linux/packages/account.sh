# The account of a service, by Debian's tool or by that of every Linux. $1: its name, $2: its home, $3: what it is.
make_account() {
  if getent passwd "$1" >/dev/null; then return 0; fi
  if command -v adduser >/dev/null 2>&1 && [ -f /etc/debian_version ]; then
    adduser --system --group --quiet --no-create-home --home "$2" --shell /usr/sbin/nologin --gecos "$3" "$1"
  else
    useradd --system --user-group --no-create-home --home-dir "$2" --shell /usr/sbin/nologin --comment "$3" "$1"
  fi
}
