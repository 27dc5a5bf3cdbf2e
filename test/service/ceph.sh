#!/usr/bin/env bash
# Ceph's S3 gateway on this machine alone: one monitor, one disk, all below $D, as root.
#   apt-get install --no-install-recommends radosgw ceph-mon ceph-osd
# usage: D=DIRECTORY PORT=PORT ceph.sh start|stop
#        D=DIRECTORY PORT=PORT ceph.sh kill|revive client.rgw|osd.0
set -eu
export CEPH_CONF=$D/ceph.conf
KEY=hskey SECRET=hssecret

configure() {
  mkdir -p "$D"/mon "$D"/osd "$D"/rgw "$D"/run "$D"/log
  # Without cephx the monitor's client hangs unless it may use crc; without tcp_nodelay a GET takes 46 ms, not 1.
  cat >"$CEPH_CONF" <<EOF
[global]
fsid = $(cat /proc/sys/kernel/random/uuid)
mon_host = [v2:127.0.0.1:3300,v1:127.0.0.1:6789]
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
ms_mon_client_mode = crc
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 8
osd_pool_default_pgp_num = 8
osd_crush_chooseleaf_type = 0
run_dir = $D/run
admin_socket = $D/run/\$name.asok
pid_file = $D/run/\$name.pid
log_file = $D/log/\$name.log
[mon.a]
mon_data = $D/mon
[osd.0]
osd_data = $D/osd
bluestore_block_size = 21474836480
bluestore_block_create = true
osd_memory_target = 939524096
[client.rgw]
rgw_data = $D/rgw
rgw_frontends = beast endpoint=127.0.0.1:$PORT tcp_nodelay=1
EOF
  monmaptool --create --fsid "$(sed -n 's/^fsid = //p' "$CEPH_CONF")" \
    --addv a '[v2:127.0.0.1:3300,v1:127.0.0.1:6789]' "$D/monmap" >/dev/null
  ceph-mon -i a --mkfs --monmap "$D/monmap"
  ceph-mon -i a
  sleep 1
  local disk
  disk=$(cat /proc/sys/kernel/random/uuid)
  ceph osd new "$disk" >/dev/null
  ceph-osd -i 0 --mkfs --osd-uuid "$disk" 2>/dev/null
}

answers() {
  for _ in $(seq 240); do
    if curl -s -o /dev/null "http://127.0.0.1:$PORT/"; then break; fi
    sleep 0.5
  done
}

daemon() {
  case $1 in
  osd.0) ceph-osd -i 0 ;;
  client.rgw) radosgw -n client.rgw ;;
  esac
}

case $1 in
start)
  configure
  daemon osd.0
  daemon client.rgw
  answers
  radosgw-admin user create --uid=hs --display-name=hs --access-key=$KEY --secret-key=$SECRET >/dev/null 2>&1
  ;;
kill)
  pid=$(cat "$D/run/$2.pid")
  kill -KILL "$pid"
  while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
  ;;
revive)
  daemon "$2"
  answers
  ;;
stop)
  for pid in "$D"/run/*.pid; do
    if [ -e "$pid" ]; then kill "$(cat "$pid")" || true; fi
  done
  ;;
esac
