#!/bin/sh
# In place of the start of the image, which writes its settings into the image: prepares the folder at the first start alone.
set -eu
export LOG_DIR=/tmp
# Without -loggc, whose files may come to a gigabyte: /tmp has 64 MB, of the memory of the container.
export EXTRA_ARGS='-name kafkaServer'
export KAFKA_HEAP_OPTS='-Xms256m -Xmx512m'
export KAFKA_LOG4J_OPTS=-Dlog4j2.configurationFile=/etc/kafka/docker/log4j2.yaml
settings=/etc/soma/server.properties
/opt/kafka/bin/kafka-storage.sh format --ignore-formatted --cluster-id c29tYS1jb21wb3NlLTAwMQ --config $settings
exec /opt/kafka/bin/kafka-server-start.sh $settings
