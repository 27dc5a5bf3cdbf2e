# shellcheck shell=sh
#
# Shell functions for CI jobs, in POSIX sh. They store what a job makes, and bring it back in later jobs, as
# actions/upload-artifact and actions/download-artifact do, but in a store of your own: with hashes, history and retention.
#
#   . ci/hs-ci.sh
#   hs_ci_start
#   hs_upload site dist --ttl 30
#   hs_download site public
#   hs_ci_finish
#
# HS_STORE   the directory of the store, which the runner caches; default ~/.cache/hs-ci
# HS_CI_RUN  prefix of the names of this run; default that of GitHub or GitLab, else `local`
# HS_ACTOR   default human:NAME, of whoever started the run; ai_job:NAME may store and pin, but little else

hs_ci_say() {
  printf 'hs-ci: %s\n' "$1" >&2
}

# Sets up the environment, for later steps too, and makes or accepts the store.
hs_ci_start() {
  HS_STORE=${HS_STORE:-${XDG_CACHE_HOME:-$HOME/.cache}/hs-ci}
  HS_CI_RUN=${HS_CI_RUN:-run-${GITHUB_RUN_ID:-${CI_PIPELINE_ID:-local}}}
  if [ -z "${HS_ACTOR:-}" ]; then
    hs_ci_who=$(printf '%s' "${GITHUB_ACTOR:-${GITLAB_USER_LOGIN:-ci}}" | tr -c 'A-Za-z0-9._@+-' '_')
    HS_ACTOR=human:$hs_ci_who
  fi
  HS_JOB_ID=${HS_JOB_ID:-$HS_CI_RUN/${GITHUB_JOB:-${CI_JOB_ID:-job}}}
  export HS_STORE HS_CI_RUN HS_ACTOR HS_JOB_ID
  if [ -n "${GITHUB_ENV:-}" ]; then
    for hs_ci_name in HS_STORE HS_CI_RUN HS_ACTOR HS_JOB_ID; do
      eval "printf '%s=%s\n' \"\$hs_ci_name\" \"\$$hs_ci_name\""
    done >> "$GITHUB_ENV"
  fi
  case $HS_STORE in
    *://*) return 0 ;; # made once, by hand
  esac
  if [ -d "$HS_STORE/.hsstore" ]; then
    # A store from a cache is a copy that this machine has not seen; status 1 is a warning about the machine.
    hs doctor --accept --quiet > /dev/null || [ $? -eq 1 ] || return
  else
    mkdir -p "$HS_STORE" && hs init "$HS_STORE" > /dev/null
  fi
}

# hs_upload NAME PATH [OPTION of hs put...]: stores PATH under NAME in this run, and prints its id.
hs_upload() {
  if [ $# -lt 2 ]; then
    hs_ci_say 'usage: hs_upload NAME PATH [OPTION of hs put...]'
    return 2
  fi
  hs_ci_as=$HS_CI_RUN/$1
  hs_ci_path=$2
  shift 2
  if [ ! -e "$hs_ci_path" ]; then
    hs_ci_say "nothing to upload: '$hs_ci_path' does not exist"
    return 4
  fi
  hs_ci_commit=${GITHUB_SHA:-${CI_COMMIT_SHA:-}}
  if [ -n "$hs_ci_commit" ]; then set -- --label "commit=$hs_ci_commit" "$@"; fi
  hs_ci_id=$(hs put "$hs_ci_path" --name "$hs_ci_as" "$@") || return
  if [ -n "${GITHUB_OUTPUT:-}" ]; then printf 'artifact-id=%s\n' "$hs_ci_id" >> "$GITHUB_OUTPUT"; fi
  printf '%s\n' "$hs_ci_id"
}

# hs_download [--run RUN] NAME DEST [OPTION of hs export...]: writes what was uploaded under NAME to DEST.
hs_download() {
  hs_ci_from=$HS_CI_RUN
  if [ "${1:-}" = --run ]; then
    hs_ci_from=${2:?RUN is missing}
    shift 2
  fi
  if [ $# -lt 2 ]; then
    hs_ci_say 'usage: hs_download [--run RUN] NAME DEST [OPTION of hs export...]'
    return 2
  fi
  hs_ci_as=$hs_ci_from/$1
  hs_ci_dest=$2
  shift 2
  mkdir -p "$(dirname "$hs_ci_dest")" && hs export "$hs_ci_as" "$hs_ci_dest" "$@"
}

# hs_download_all DIR: writes the newest of each name of this run below DIR.
hs_download_all() {
  hs_ci_into=${1:?DIR is missing}
  hs_ci_list=$(hs for-each-artifact --filter "name=$HS_CI_RUN/**" --format '%(name)') || return
  printf '%s\n' "$hs_ci_list" | sort -u | while IFS= read -r hs_ci_as; do
    [ -n "$hs_ci_as" ] || continue
    hs_download "${hs_ci_as#"$HS_CI_RUN"/}" "$hs_ci_into/${hs_ci_as#"$HS_CI_RUN"/}" < /dev/null || exit
  done
}

# Removes what is over, by the policy of the store, so that the cache does not grow.
hs_ci_finish() {
  hs gc --yes --quiet
}
