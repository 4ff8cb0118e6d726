#!/bin/sh
# Runs a class of Kafka in place of this shell, as the script of that name in Kafka's own images does. usage: kafka-run-class.sh CLASS [ARGUMENT...]
home=${0%/*}/..
# shellcheck disable=SC2086 # options are words
exec java ${KAFKA_HEAP_OPTS--Xmx128m} ${KAFKA_JVM_PERFORMANCE_OPTS--XX:+UseSerialGC -XX:TieredStopAtLevel=1} \
  ${KAFKA_LOG4J_OPTS--Dlog4j2.configurationFile=$home/config/tools-log4j2.properties} ${KAFKA_OPTS-} -cp "$home/libs/*" "$@"
