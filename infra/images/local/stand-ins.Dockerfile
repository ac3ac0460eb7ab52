# Stand-ins for images of others, made by make.sh of packages that it had: each answers to what compose.yaml asks of the other.
FROM localhost/soma-stand-in:packages AS packages

FROM packages AS postgres
COPY postgres /usr/lib/postgresql
COPY postgres-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
RUN printf '#!/bin/bash\nexec 3<>/dev/tcp/127.0.0.1/5432\n' > /usr/local/bin/pg_isready \
  && chmod 755 /usr/local/bin/pg_isready /usr/local/bin/docker-entrypoint.sh \
  && mkdir -p /var/lib/postgresql && chown 999:999 /var/lib/postgresql \
  && echo 'postgres:x:999:999::/var/lib/postgresql:/bin/sh' >> /etc/passwd
VOLUME /var/lib/postgresql
USER 999:999
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]

FROM packages AS redis
RUN mkdir -p /data && chown 999:999 /data
VOLUME /data
WORKDIR /data
USER 999:999
CMD ["redis-server"]

FROM packages AS kafka
COPY kafka /opt/kafka/libs
COPY kafka-program.sh /opt/kafka/bin/kafka-storage.sh
COPY kafka-program.sh /opt/kafka/bin/kafka-server-start.sh
RUN chmod 755 /opt/kafka/bin/* && mkdir -p /var/lib/kafka/data && chown 1000:1000 /var/lib/kafka/data
VOLUME /var/lib/kafka/data
USER 1000:1000

FROM packages AS prometheus
RUN printf '#!/bin/sh\nfor url; do :; done; exec curl --silent --fail --output /dev/null "$url"\n' > /usr/bin/wget \
  && chmod 755 /usr/bin/wget && mkdir -p /prometheus && chown 65534:65534 /prometheus
VOLUME /prometheus
USER 65534:65534
ENTRYPOINT ["/usr/bin/prometheus"]

FROM packages AS alertmanager
RUN printf '#!/bin/sh\nfor url; do :; done; exec curl --silent --fail --output /dev/null "$url"\n' > /usr/bin/wget \
  && chmod 755 /usr/bin/wget && mkdir -p /alertmanager && chown 65534:65534 /alertmanager
VOLUME /alertmanager
USER 65534:65534
ENTRYPOINT ["/usr/bin/prometheus-alertmanager"]

FROM packages AS collector
COPY otelcol /otelcol
USER 10001:10001
ENTRYPOINT ["/otelcol"]
