#!/usr/bin/env bash
# Makes, in the folder given: base/base.tar, a small Debian 12 with Python, and the files of the Debian
# packages that other images take parts of: prometheus/ and redis/. Beside each, packages.txt lists what it is
# made of. Standard input names the day whose packages they are, for the cache's sake.
set -euo pipefail
out=$1
export PURL='pkg:deb/debian/${Package}@${Version}?arch=${Architecture}\n'

command -v mmdebstrap >/dev/null || { echo "mmdebstrap is missing: apt-get install mmdebstrap" >&2; exit 1; }

# The mirror that this machine uses, where it is a Debian 12 itself; mmdebstrap's own choice elsewhere.
sources=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
    awk '$2 ~ /^bookworm(-updates|-security)?$/ { print "deb", $1, $2, "main" }' | sort -u)
mirror=()
[[ -z $sources ]] || mirror=(-)

mkdir "$out/base" "$out/debs" "$out/prometheus" "$out/redis"
# usr-is-merged keeps the whole of Perl out, which the usual usrmerge would bring.
mmdebstrap --quiet --variant=minbase --skip=output/dev --include=python3,ca-certificates,usr-is-merged \
    --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
    --aptopt='Acquire::Languages "none"' \
    --dpkgopt=force-unsafe-io \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/info/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --customize-hook='mkdir "$1/debs" && cd "$1/debs" && APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get \
        --quiet=2 download prometheus redis-tools libatomic1 libjemalloc2 liblzf1' \
    --customize-hook="sync-out /debs '$out/debs'" \
    --customize-hook='dpkg-query --admindir="$1/var/lib/dpkg" --show --showformat="$PURL" >"$1/packages.txt"' \
    --customize-hook="download /packages.txt '$out/base/packages.txt'" \
    --customize-hook='cd "$1" && rm -rf packages.txt debs usr/lib/*/gconv usr/lib/python3*/test usr/lib/python3*/pydoc_data \
        usr/share/zoneinfo var/cache/debconf/* var/lib/apt/* var/log/*' \
    bookworm "$out/base/base.tar" "${mirror[@]}" <<<"$sources"

for deb in "$out"/debs/*.deb; do
    case $deb in
        */prometheus_*) part=prometheus ;;
        *) part=redis ;;
    esac
    dpkg-deb --extract "$deb" "$out/$part"
    dpkg-deb --show --showformat="$PURL" "$deb" >>"$out/$part/packages.txt"
done
rm -r "$out/debs" "$out/prometheus/usr/bin/promtool"
