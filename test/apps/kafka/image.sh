# shellcheck shell=bash

# The tools, where Kafka's own images have them, and their classes.
KAFKA_TOOLS=(
  storage:kafka.tools.StorageTool
  topics:org.apache.kafka.tools.TopicCommand
  get-offsets:org.apache.kafka.tools.GetOffsetShell
  metadata-quorum:org.apache.kafka.tools.MetadataQuorumCommand
  consumer-groups:org.apache.kafka.tools.consumer.group.ConsumerGroupCommand
  log-dirs:org.apache.kafka.tools.LogDirsCommand
  transactions:org.apache.kafka.tools.TransactionsCommand
)

make_kafka() { # INIT REFERENCE OUT ROOT
  local init=$1 reference=$2 out=$3 root=$4 home=$4/opt/kafka packages=() entrypoint='"/usr/local/bin/entrypoint"' tool
  if [[ $init == init ]]; then
    packages+=(tini)
    entrypoint="\"/usr/bin/tini\",\"--\",$entrypoint"
  fi
  java_root "$root" "${packages[@]}"
  people "$root" kafka:1000
  mkdir -p "$home"/{bin,config,libs} "$root/usr/local/bin"
  maven_artifacts "$APPS/kafka/pom.xml" "$home/libs"
  install -m 644 "$APPS"/kafka/{,tools-}log4j2.properties "$home/config"
  install -m 755 "$APPS/kafka/kafka-run-class.sh" "$home/bin"
  for tool in "${KAFKA_TOOLS[@]}"; do
    printf "#!/bin/sh\nexec \"\${0%%/*}/kafka-run-class.sh\" %s \"\$@\"\n" "${tool#*:}" >"$home/bin/kafka-${tool%%:*}.sh"
    chmod 755 "$home/bin/kafka-${tool%%:*}.sh"
  done
  install -m 755 "$APPS/kafka/entrypoint" "$root/usr/local/bin/entrypoint"
  mkimage "$out" "$reference" "$root" "{\"User\":\"1000:1000\",\"Env\":[\"PATH=/usr/lib/jvm/default/bin:/usr/local/bin:/usr/bin:/bin\",\"LANG=C.UTF-8\"],\"Entrypoint\":[$entrypoint]}"
}

build_kafka() { # TAG
  local key tag=$1
  key=$(printf '%s\n' "$tag" | content_key "${COMMON[@]}" "$APPS/lib/jvm.sh" "$APPS"/kafka/{image.sh,pom.xml,entrypoint,kafka-run-class.sh,log4j2.properties,tools-log4j2.properties})
  cached "kafka-$tag" "$key" make_kafka "$([[ $tag == *-init ]] && echo init || echo none)" "localhost/stillpoint-test/kafka:$tag"
}
