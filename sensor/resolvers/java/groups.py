"""The group of an archive that does not state it: inferred, and always marked as such. Data.

Builds by Gradle, Ant and sbt write no pom.properties. The table holds artifacts that many programs
use, as the public Maven repositories name them; a row counts only for an archive whose classes lie
in the package that the artifact is known by. What has no row is inferred from the names that the
archive gives itself.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Artifact (a pattern of its whole name), the package it is known by ("." for any), its group.
TABLE: Final = r"""
kafka-[a-z-]+|connect-[a-z-]+        org/apache/kafka                  org.apache.kafka
kafka_[23]\.\d+                      kafka                             org.apache.kafka
spring-jcl                           org/apache/commons/logging        org.springframework
spring-boot(-.+)?                    org/springframework/boot          org.springframework.boot
spring-boot-starter(-.+)?            .                                 org.springframework.boot
spring-security-.+                   org/springframework/security      org.springframework.security
spring-data-.+                       org/springframework/data          org.springframework.data
spring-integration-.+             org/springframework/integration   org.springframework.integration
spring-batch-.+                      org/springframework/batch         org.springframework.batch
spring-session-.+                    org/springframework/session       org.springframework.session
spring-kafka(-test)?                 org/springframework/kafka         org.springframework.kafka
spring-rabbit(-.+)?|spring-amqp      org/springframework/amqp          org.springframework.amqp
spring-retry                         org/springframework/retry         org.springframework.retry
spring-(aop|aspects|beans|core|tx)   org/springframework               org.springframework
spring-context(-support|-indexer)?   org/springframework               org.springframework
spring-(expression|instrument|jdbc)  org/springframework               org.springframework
spring-(jms|messaging|orm|oxm|test)  org/springframework               org.springframework
spring-(r2dbc|web.*)                 org/springframework               org.springframework
zipkin-reporter.*|zipkin-sender-.+   zipkin2/reporter                  io.zipkin.reporter2
zipkin|zipkin-(junit|lens|server)    zipkin2                           io.zipkin.zipkin2
zipkin-(collector|storage)-.+        zipkin2                           io.zipkin.zipkin2
brave(-.+)?                          brave                             io.zipkin.brave
armeria(-.+)?                        com/linecorp/armeria              com.linecorp.armeria
okhttp(-.+)?|logging-interceptor     okhttp3                           com.squareup.okhttp3
okio(-jvm)?                          okio                              com.squareup.okio
retrofit                             retrofit2                         com.squareup.retrofit2
moshi(-.+)?                          com/squareup/moshi                com.squareup.moshi
kotlin-(stdlib.*|reflect|script.+)   kotlin                            org.jetbrains.kotlin
kotlinx-.+                           kotlinx                           org.jetbrains.kotlinx
annotations                          org/jetbrains/annotations         org.jetbrains
reactor-core                         reactor                           io.projectreactor
reactor-netty(-.+)?                  reactor/netty                     io.projectreactor.netty
reactive-streams                     org/reactivestreams               org.reactivestreams
rxjava                               io/reactivex/rxjava3              io.reactivex.rxjava3
rxjava                               io/reactivex                      io.reactivex.rxjava2
micrometer-tracing.*                 io/micrometer                     io.micrometer
micrometer-.+                        io/micrometer                     io.micrometer
opentelemetry-semconv                io/opentelemetry/semconv          io.opentelemetry.semconv
opentelemetry-javaagent.*            io/opentelemetry/javaagent        io.opentelemetry.javaagent
opentelemetry-(api|sdk|context).*    io/opentelemetry                  io.opentelemetry
opentelemetry-exporter-.+            io/opentelemetry                  io.opentelemetry
grpc-.+                              io/grpc                           io.grpc
perfmark-.+                          io/perfmark                       io.perfmark
caffeine                             com/github/benmanes/caffeine      com.github.ben-manes.caffeine
resilience4j-.+                      io/github/resilience4j            io.github.resilience4j
groovy(-.+)?                         org/apache/groovy                 org.apache.groovy
lucene-.+                            org/apache/lucene                 org.apache.lucene
h2                                   org/h2                            com.h2database
protobuf-(java|javalite|kotlin).*    com/google/protobuf               com.google.protobuf
java-getopt                          gnu/getopt                        gnu.getopt
opentelemetry-instrumentation-.+  io/opentelemetry/instrumentation  io.opentelemetry.instrumentation
opentelemetry-runtime-telemetry.* io/opentelemetry/instrumentation  io.opentelemetry.instrumentation
opentelemetry-proto                  io/opentelemetry/proto            io.opentelemetry.proto
xml-resolver                         org/apache/xml/resolver           xml-resolver
elasticsearch-rest-client(-.+)?      org/elasticsearch/client          org.elasticsearch.client
hibernate-commons-annotations        org/hibernate/annotations         org.hibernate.common
hibernate-(core|envers|jcache|spatial) org/hibernate                   org.hibernate.orm
third-party-jackson-.+               software/amazon/awssdk            software.amazon.awssdk
jackson-module-scala_.+              com/fasterxml/jackson/module      com.fasterxml.jackson.module
jsr305                               javax/annotation                  com.google.code.findbugs
gson                                 com/google/gson                   com.google.code.gson
tink                                 com/google/crypto/tink            com.google.crypto.tink
activation                           javax/activation                  javax.activation
jta|transaction-api                  javax/transaction                 javax.transaction
arpack_combined_all                  org/netlib                        net.sourceforge.f2j
derby(-?[a-z]+)?                     org/apache/derby                  org.apache.derby
hadoop-.+                            org/apache/hadoop                 org.apache.hadoop
ivy                                  org/apache/ivy                    org.apache.ivy
libfb303                             com/facebook/fb303                org.apache.thrift
libthrift                            org/apache/thrift                 org.apache.thrift
jackson-(core|mapper)-asl            org/codehaus/jackson              org.codehaus.jackson
jodd-.+                              jodd                              org.jodd
objenesis                            org/objenesis                     org.objenesis
scala-(collection-compat|xml|parser-combinators)_.+  scala              org.scala-lang.modules
breeze(-[a-z]+)?_.+                  breeze                            org.scalanlp
algebra_.+                           algebra                           org.typelevel
cats-.+_.+                           cats                              org.typelevel
spire(-.+)?_.+                       spire                             org.typelevel
oro                                  org/apache/oro                    oro
stax-api                             javax/xml/stream                  stax
org\.jacoco\..+                      org/jacoco                        org.jacoco
elasticsearch(-.+)?                  org/elasticsearch                 org.elasticsearch
opensearch(-.+)?                     org/opensearch                    org.opensearch
apache-cassandra                     org/apache/cassandra              org.apache.cassandra
scala-(library|reflect|compiler)     scala                             org.scala-lang
scala3-.+                            scala                             org.scala-lang
asm(-(analysis|commons|tree|util))?  org/objectweb/asm                 org.ow2.asm
aopalliance                          org/aopalliance                   aopalliance
mockito-.+                           org/mockito                       org.mockito
junit-jupiter(-.+)?                  org/junit/jupiter                 org.junit.jupiter
junit-platform-.+                    org/junit/platform                org.junit.platform
opentest4j                           org/opentest4j                    org.opentest4j
apiguardian-api                      org/apiguardian/api               org.apiguardian
bc[a-z]+-jdk.+                       org/bouncycastle                  org.bouncycastle
snappy-java                          org/xerial/snappy                 org.xerial.snappy
sqlite-jdbc                          org/sqlite                        org.xerial
lz4-java                             net/jpountz                       org.lz4
zstd-jni                             com/github/luben/zstd             com.github.luben
javassist                            javassist                         org.javassist
gradle-.+                            org/gradle                        org.gradle
tomcat-embed-.+                      .                                 org.apache.tomcat.embed
tomcat-.+                            org/apache                        org.apache.tomcat
tomcat-(annotations|el|servlet)-api  .                                 org.apache.tomcat
tomcat-(jaspic|jsp|websocket.*)-api  .                                 org.apache.tomcat
ecj                                  org/eclipse/jdt                   org.eclipse.jdt
ojdbc\d+                             oracle                            com.oracle.database.jdbc
json-path                            com/jayway/jsonpath               com.jayway.jsonpath
accessors-smart|json-smart           net/minidev                       net.minidev
agrona                               org/agrona                        org.agrona
HdrHistogram                         org/HdrHistogram                  org.hdrhistogram
jspecify                             org/jspecify/annotations          org.jspecify
"""

_GROUP: Final = re.compile(r"[A-Za-z][\w-]*(?:\.[A-Za-z][\w-]*)+")
_TOPS: Final = frozenset({"com", "org", "net", "io", "edu", "gov", "dev", "de", "ch", "fr", "uk"})
# Under these are groups of many makers: a package that says no more says nothing.
_WIDE: Final = frozenset({
    "org.apache", "org.eclipse", "org.glassfish", "com.google", "com.sun", "com.github",
    "io.github",
})  # fmt: skip
# A group has seldom more parts: org.apache.logging.log4j.
MAX_PARTS: Final = 4


def cut(name: str, top: str) -> str:
    """The artifact of a file that is called after group and artifact, where the table has both."""
    for pattern, package, group in _rows():
        # Quarkus puts a dot between, Maven in an EAR a hyphen.
        artifact = name.removeprefix(f"{group}.").removeprefix(f"{group}-")
        if artifact != name and pattern.fullmatch(artifact) and _lies_in(top, package):
            return artifact
    return name


def inferred(
    artifact: str, manifest: Mapping[str, str], top: str, stated: str | None = None
) -> str | None:
    """The likely group of an archive whose classes lie below the package `top`; None for none.

    `stated` is what its file is called after.
    """
    if group := listed(artifact, top) or stated:
        return group
    for name in _names(manifest):
        group = _cut(name, artifact)
        if _GROUP.fullmatch(group) and group not in _WIDE and _related(group, top):
            return group
    return _of_package(top, artifact)


def listed(artifact: str, top: str) -> str | None:
    """The group that the table has for an archive."""
    for pattern, package, group in _rows():
        if pattern.fullmatch(artifact) and _lies_in(top, package):
            return group
    return None


def _lies_in(top: str, package: str) -> bool:
    return package == "." or f"{top}/".startswith(package + "/")


@cache
def _rows() -> list[tuple[re.Pattern[str], str, str]]:
    rows = (line.split() for line in TABLE.strip().splitlines())
    return [(re.compile(artifact), package, group) for artifact, package, group in rows]


def _names(manifest: Mapping[str, str]) -> Iterator[str]:
    """What an archive calls itself: who made it, its bundle, its module."""
    for key in ("implementation-vendor-id", "bundle-symbolicname", "automatic-module-name"):
        yield manifest.get(key, "").partition(";")[0].strip()


def _cut(name: str, artifact: str) -> str:
    """A bundle is called after group and artifact: without the artifact it is the group."""
    plain, last = artifact.replace("-", "."), name.rpartition(".")[2]
    for tail in (artifact, plain):
        if name.lower().endswith("." + tail.lower()):
            return name[: -len(tail) - 1]
    head = name.rpartition(".")[0]
    return head if last in artifact.split("-") and "." in head else name


def _related(group: str, top: str) -> bool:
    """Whether the classes lie where the group says: their first two parts are the same."""
    return group.split(".")[:2] == top.split("/")[:2]


def _of_package(top: str, artifact: str) -> str | None:
    """The package that the classes have in common, without the artifact's own part."""
    words = top.split("/")
    if len(words) < 2 or words[0] not in _TOPS:  # noqa: PLR2004 - a group has two parts at least
        return None
    own = set(artifact.lower().replace("_", "-").split("-"))
    while len(words) > 2 and words[-1].lower() in own:  # noqa: PLR2004
        words.pop()
    group = ".".join(words[:MAX_PARTS])
    return None if group in _WIDE else group
