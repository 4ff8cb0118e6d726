# shellcheck shell=bash
# What the images of the test applications have in common.

# What a shell hook may expect to find next to a database.
# shellcheck disable=SC2034 # used by the images
BASE=(base-files bash dash coreutils sed grep mawk findutils procps)
# Packages that only matter to an installed system, and the compiler behind PostgreSQL's JIT (half of the size).
# shellcheck disable=SC2034
NOT_IN_AN_IMAGE='libllvm.*|libz3-4|.*perl.*|.*debconf.*|postgresql(-client)?-common|ssl-cert|openssl|adduser|passwd|dpkg|tar|init-system-helpers|ucf|sensible-utils|sysvinit-utils|libpam-(runtime|modules.*)|libsemanage.*|readline-common|logrotate|install-info'

# trim removes what no server reads: documentation but for the licences, translations, character set tables.
trim() { # ROOT
  find "$1/usr/share/doc" -type f ! -name copyright -delete
  rm -rf "$1"/usr/share/{man,info,locale,i18n,lintian,bug,bash-completion,zsh,menu,apport,pixmaps,common-licenses.d} "$1"/usr/lib/*/gconv "$1"/var/cache/*
}

# people writes the users of an image.
people() { # ROOT NAME:ID...
  local root=$1 user
  shift
  printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >"$root/etc/passwd"
  printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
  for user in "$@"; do
    printf '%s:x:%s:%s::/:/bin/sh\n' "${user%:*}" "${user#*:}" "${user#*:}" >>"$root/etc/passwd"
    printf '%s:x:%s:\n' "${user%:*}" "${user#*:}" >>"$root/etc/group"
  done
}
