"""
Group ids of well-known artifacts whose archives carry no `pom.properties`.

Gradle and Ant builds leave none; without the group no advisory of `group:artifact` form can match.
"""

from __future__ import annotations

_GROUPS: dict[str, str] = {
    "org.springframework": "spring spring-aop spring-aspects spring-beans spring-context "
    "spring-context-indexer spring-context-support spring-core spring-dao spring-expression "
    "spring-instrument spring-jcl spring-jdbc spring-jms spring-messaging spring-orm spring-oxm spring-r2dbc "
    "spring-test spring-tx spring-web spring-webflux spring-webmvc spring-webmvc-portlet spring-websocket",
    "org.springframework.amqp": "spring-amqp spring-rabbit",
    "org.springframework.batch": "spring-batch-core spring-batch-infrastructure spring-batch-integration",
    "org.springframework.kafka": "spring-kafka",
    "org.springframework.ldap": "spring-ldap-core",
    "org.springframework.retry": "spring-retry",
    "org.springframework.hateoas": "spring-hateoas",
    "org.springframework.plugin": "spring-plugin-core",
    "org.apache.tomcat": "annotations-api catalina-ant catalina-ha catalina-ssi catalina-storeconfig "
    "catalina-tribes jasper jasper-el jaspic-api jsp-api servlet-api tomcat-api tomcat-coyote tomcat-dbcp "
    "tomcat-jni tomcat-juli tomcat-servlet-api tomcat-util tomcat-util-scan tomcat-websocket websocket-api "
    "websocket-client-api tomcat-catalina",
    "org.apache.tomcat.embed": "tomcat-embed-core tomcat-embed-el tomcat-embed-websocket tomcat-embed-jasper",
    "org.hibernate": "hibernate-core hibernate-entitymanager hibernate-c3p0 hibernate-ehcache",
    "org.hibernate.orm": "hibernate-community-dialects",
    "org.hibernate.common": "hibernate-commons-annotations",
    "org.codehaus.groovy": "groovy groovy-all groovy-ant groovy-json groovy-sql groovy-templates groovy-xml",
    "org.bouncycastle": "bcprov-jdk14 bcprov-jdk15on bcprov-jdk18on bcpkix-jdk15on bcpkix-jdk18on "
    "bcutil-jdk15on bcutil-jdk18on bcpg-jdk15on bcpg-jdk18on bcmail-jdk15on bcmail-jdk18on",
    "org.postgresql": "postgresql",
    "com.oracle.database.jdbc": "ojdbc8 ojdbc10 ojdbc11",
    "com.mysql": "mysql-connector-j",
    "mysql": "mysql-connector-java",
    "com.h2database": "h2",
    "org.ow2.asm": "asm asm-analysis asm-commons asm-tree asm-util asm-xml",
    "org.apache.ant": "ant ant-antlr ant-apache-bcel ant-apache-bsf ant-apache-log4j ant-apache-oro "
    "ant-apache-regexp ant-apache-resolver ant-apache-xalan2 ant-commons-logging ant-commons-net ant-imageio "
    "ant-jai ant-jakartamail ant-javamail ant-jdepend ant-jmf ant-jsch ant-junit ant-junit4 "
    "ant-junitlauncher ant-launcher ant-netrexx ant-swing ant-testutil ant-xz",
    "org.apache.kafka": "kafka-clients kafka-streams connect-api connect-json connect-runtime",
    "org.apache.lucene": "lucene-core lucene-analysis-common lucene-analyzers-common lucene-queries "
    "lucene-queryparser lucene-highlighter lucene-join lucene-memory lucene-misc lucene-sandbox "
    "lucene-spatial3d lucene-spatial-extras lucene-suggest lucene-grouping lucene-backward-codecs",
    "org.apache.solr": "solr-core solr-solrj",
    "org.elasticsearch": "elasticsearch elasticsearch-core elasticsearch-x-content elasticsearch-cli "
    "elasticsearch-geo elasticsearch-lz4 elasticsearch-plugin-classloader elasticsearch-secure-sm",
    "org.opensearch": "opensearch opensearch-core opensearch-x-content",
    "org.apache.velocity": "velocity velocity-engine-core velocity-engine-scripting velocity-tools",
    "org.apache.struts": "struts2-core struts2-spring-plugin",
    "xalan": "xalan serializer",
    "xerces": "xercesImpl",
    "com.thoughtworks.xstream": "xstream",
    "javax.activation": "activation",
    "javax.mail": "mail",
    "javax.inject": "javax.inject",
    "javax.servlet": "javax.servlet-api",
    "cglib": "cglib cglib-nodep",
    "org.scala-lang": "scala-library scala-reflect scala-compiler",
    "org.jetbrains.kotlin": "kotlin-stdlib kotlin-stdlib-common kotlin-stdlib-jdk7 kotlin-stdlib-jdk8 "
    "kotlin-reflect",
    "org.jetbrains": "annotations",
    "com.squareup.okhttp3": "okhttp logging-interceptor",
    "com.squareup.okio": "okio okio-jvm",
    "com.squareup.retrofit2": "retrofit",
    "io.micrometer": "micrometer-core micrometer-commons micrometer-observation micrometer-jakarta9",
    "io.projectreactor": "reactor-core",
    "io.projectreactor.netty": "reactor-netty reactor-netty-core reactor-netty-http",
    "io.reactivex.rxjava2": "rxjava",
    "org.reactivestreams": "reactive-streams",
    "org.mockito": "mockito-core",
    "net.bytebuddy": "byte-buddy byte-buddy-agent",
    "net.sf.ehcache": "ehcache-core",
    "org.aspectj": "aspectjweaver aspectjrt",
    "org.yaml": "snakeyaml",
    "org.gradle": "gradle-wrapper",
    "org.jenkins-ci.main": "jenkins-core jenkins-war remoting cli",
}  # fmt: skip
# Published under their own names, as was the custom before 2006.
_ITSELF = (
    "antlr aopalliance commons-beanutils commons-betwixt commons-chain commons-cli commons-codec "
    "commons-collections commons-configuration commons-daemon commons-dbcp commons-dbutils commons-digester "
    "commons-discovery commons-el commons-fileupload commons-httpclient commons-io commons-jelly "
    "commons-jexl commons-jxpath commons-lang commons-launcher commons-logging commons-math commons-modeler "
    "commons-net commons-pool commons-primitives commons-validator commons-vfs dom4j hsqldb "
    "jdom junit log4j xml-apis"
)
_FAMILIES: tuple[tuple[str, str], ...] = (
    ("spring-boot", "org.springframework.boot"),
    ("spring-cloud-", "org.springframework.cloud"),
    ("spring-data-", "org.springframework.data"),
    ("spring-integration-", "org.springframework.integration"),
    ("spring-security-", "org.springframework.security"),
    ("spring-session-", "org.springframework.session"),
    ("spring-ws-", "org.springframework.ws"),
    ("commons-jelly-", "commons-jelly"),
    ("grpc-", "io.grpc"),
    ("groovy-", "org.codehaus.groovy"),
    ("kotlinx-coroutines-", "org.jetbrains.kotlinx"),
    ("struts2-", "org.apache.struts"),
    ("tomcat-embed-", "org.apache.tomcat.embed"),
    ("tomcat-", "org.apache.tomcat"),
)
_BY_ARTIFACT = {artifact: group for group, artifacts in _GROUPS.items() for artifact in artifacts.split()}
_BY_ARTIFACT |= {artifact: artifact for artifact in _ITSELF.split()}


def known_group(artifact: str) -> str:
    """The group id an artifact is published under, "" for one we do not know."""
    if (group := _BY_ARTIFACT.get(artifact)) is not None:
        return group
    return next((group for start, group in _FAMILIES if artifact.startswith(start)), "")
