#!/bin/sh
# The image's entrypoint: runs an executor for Spark on Kubernetes, or the given command.
# Spark 4.3 passes the argument `executor`, and everything else in these variables.
set -eu
[ "${1:-}" = executor ] || exec "$@"

# Use the Java that the platform finds: the packaged one needs a JAVA_HOME built around it.
find_java='import sys; from pathlib import Path; from bankseg_assets.runtime.java import find_java_home
print(find_java_home(Path(sys.argv[1])))'
JAVA_HOME=$(python -c "$find_java" /tmp/java)
spark=$(python -c 'import pathlib, pyspark; print(pathlib.Path(pyspark.__file__).parent)')
export JAVA_HOME

# SPARK_JAVA_OPT_0, _1, …: one option each, which may contain spaces.
set --
n=0
while option=$(printenv "SPARK_JAVA_OPT_$n"); do
    set -- "$@" "$option"
    n=$((n + 1))
done
exec "$JAVA_HOME/bin/java" "$@" \
    "-Xms$SPARK_EXECUTOR_MEMORY" "-Xmx$SPARK_EXECUTOR_MEMORY" \
    -cp "${SPARK_CONF_DIR:-$spark/conf}:$spark/jars/*" \
    org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend \
    --driver-url "$SPARK_DRIVER_URL" \
    --executor-id "$SPARK_EXECUTOR_ID" \
    --cores "$SPARK_EXECUTOR_CORES" \
    --app-id "$SPARK_APPLICATION_ID" \
    --hostname "$SPARK_EXECUTOR_POD_IP" \
    --resourceProfileId "$SPARK_RESOURCE_PROFILE_ID" \
    --podName "$SPARK_EXECUTOR_POD_NAME"
