# Signs in, has the gateway's own port watched, sees a measurement of it as it is stored, and removes the target again.
name="helm-test-$(date +%s)"
echo "signing in at $URL"
tries=0
until sonde login --url "$URL" --email "$EMAIL"; do
  tries=$((tries + 1))
  [ "$tries" -lt 30 ] || exit 1
  sleep 2
done
host=${URL#*://}
target=$(sonde target add "${host%:*}" --name "$name" --check tcp --port "${host##*:}" --every 1s)
trap 'sonde target remove "$target"' EXIT
echo "waiting for a measurement of $name"
timeout 90 sonde tail "$name" >/tmp/rows &
tail=$!
until grep success /tmp/rows; do
  kill -0 "$tail" 2>/dev/null || { echo "no measurement within 90 seconds"; cat /tmp/rows; exit 1; }
  sleep 1
done
kill "$tail"
echo "measured"
