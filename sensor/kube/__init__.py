"""The cluster: which pod, workload and image a container is, and what is deployed.

`PodFeed` follows the pods by list and watch; `Filters` say which of them count; `rbac.RULES` is all
that is asked for. Over urllib3 and orjson: the `kubernetes` client takes 115 MiB and two seconds of
CPU, so only `kubeconfig` uses it, outside of clusters.
"""
