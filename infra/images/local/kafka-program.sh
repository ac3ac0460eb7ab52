#!/bin/sh
# The two programs of Kafka that compose.yaml starts, by the name that this one is called by.
set -eu
case $(basename "$0") in
  kafka-storage.sh) class=kafka.tools.StorageTool ;;
  *) class=kafka.Kafka ;;
esac
# shellcheck disable=SC2086
exec java ${KAFKA_HEAP_OPTS:-} -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
  -cp '/opt/kafka/libs/*' $class "$@"
