"""Every kind of fault: exactly one diagnostic, exactly where the mark is, and what it says."""

from pathlib import Path

import pytest

from bench.scenario.loading.load import parse_scenario_text
from tests.scenario.marked import CASE, case, faults_in, one_fault, scenario, unmarked

YAML = {
    "tab": ("version: 1\nname: t\ncases:\n«\tone: 1\n", "a tab", "spaces"),
    "syntax": ("version: 1\nname: a«: b\n", "`: ` where no key can stand", "quotes"),
    "unclosed quote": ("version: 1\nname: «'abc\n", "a quote that is not closed", "close it"),
    "unclosed bracket": ("version: 1\ncases: [1\nname«: t", "a bracket is not closed", "close it"),
    "percent": ("name: «%x", "cannot begin with %", "quotes"),
    "tag": ("name: «!!python/object:os.system x", "a YAML tag", "without it"),
    "local tag": ("name: «!mine x", "a YAML tag (!mine)", "without it"),
    "second document": ("version: 1\n«---\nversion: 1\n", "a second document", "one document"),
    "old version": ("%YAML 1.1\n«---\nversion: 1\n", "another version of YAML", "YAML 1.2"),
    "template": ("name: {«{ x }}\n", "where a key is expected", "there are no templates"),
    "unknown alias": ("name: «*x\n", "no anchor &x above here", "where the value first stands"),
    "alias in itself": ("name: &x [«*x]\n", "stands inside what it stands for", ""),
    "merge of text": ("x-a: {<<: «3}\n", "`<<` takes a mapping", "<<: *anchor"),
    "control character": ("name: a«\x01b\n", "a control character (U+0001)", "take it out"),
    "NUL escape": ('name: «"\\0"\n', "not text", "leave it out"),
    "lone surrogate": ('name: «"\\ud800"\n', "not text", "leave it out"),
    "no such character": ('name: "«\\UFFFFFFFF"\n', "does not exist", "leave it out"),
    "empty": ("«", "the file is empty", "version: 1"),
    "only a comment": ("«# nothing\n", "the file is empty", "version: 1"),
    "null": ("«~\n", "the file is empty", "version: 1"),
    "list": ("«- version: 1\n", "a list where a mapping is expected", "version: 1"),
    "text": ("«hello\n", "'hello' where a mapping is expected", "version: 1"),
    "duplicate key": (
        scenario(rest="«name: u"),
        "the key 'name' stands here twice; the first stands in line 2",
        "keep one",
    ),
    "duplicate case": (
        scenario(f"cases:\n  one: {CASE}\n  «one: {CASE}"),
        "the key 'one' stands here twice; the first stands in line 4",
        "keep one",
    ),
}

TOP = {
    "no version": (f"«name: t\ncases: {{one: {CASE}}}", "`version` is missing", "`version: 1`"),
    "no name": (f"«version: 1\ncases: {{one: {CASE}}}", "`name` is missing", "`name: …`"),
    "no cases": ("«version: 1\nname: t", "`cases` is missing", "write at least one"),
    "empty cases": (scenario("cases: «{}"), "`cases`: nothing in it", "at least one"),
    "version 2": ("version: «2\nname: 3", "2 is not a version of this format", "known is: 1"),
    "version in quotes": ('version: «"1"\nx: 3', "'1' is not a version", "without quotes"),
    "unknown key": (scenario(rest="«treshholds: {}"), "unknown key `treshholds`", "`thresholds`?"),
    "reserved key": (
        scenario(rest="«compose: x"),
        "`compose` has no meaning here",
        "it stands in a case",
    ),
    "bare link rate": (scenario(rest="link: «200"), "200 is not a link rate", "200mbit"),
    "link in bytes": (scenario(rest="link: «25MB"), "'25MB' is not a link rate", "1gbit"),
    "link too slow": (scenario(rest="link: «9kbit"), "is too small", "the least is 100000"),
    "link to nowhere": (
        scenario(f"cases: {{a: {CASE[:-1]}, registry: origin}}}}", "«link: 1gbit"),
        "`link` shapes the way from bench's registry",
        "leave one of the two out",
    ),
    "Compose's networks": (scenario(rest="«networks: {}"), "`networks` has no meaning", "leave"),
    "name of spaces": ("version: 1\nname: «a b\ncases: {a: " + CASE + "}", "not a name", "letters"),
    "name of digits": (
        "version: 1\nname: «2024\ncases: {a: " + CASE + "}",
        "`name`: 2024 is not text",
        'write it in quotes: "2024"',
    ),
    "bad case id": (scenario(f"cases: {{«a b: {CASE}}}"), "'a b' is not a name", "letters"),
    "case of text": (scenario("cases: {one: «x}"), "`one`: 'x' is not a mapping", "its keys may"),
    "cases of text": (scenario("cases: «x"), "`cases`: 'x' is not a mapping", ""),
    "no value": (scenario(rest="«services:"), "`services` has no value", "leave the key out"),
    "defaults of text": (scenario(rest="defaults: «x"), "`defaults`: 'x' is not a mapping", ""),
    "defaults without value": (scenario(rest="«defaults:"), "`defaults` has no value", ""),
    "no checklist of this name": (
        scenario(rest="checklist: «cloud"),
        "no built-in checklist has this name",
        "cloud-native",
    ),
}

CASES = {
    "unknown key": (case("«memroy: 3"), "unknown key `memroy`", ""),
    "unknown limit": (case("limits: {«cpu: 4}"), "unknown key `cpu`", "did you mean `cpus`?"),
    "begun key": (case("«env: {}"), "unknown key `env`", "did you mean `environment`?"),
    "far key": (case("limits: {«qqq: 4}"), "unknown key `qqq`", "known here: cpus, memory, pids"),
    "restart": (case("«restart: always"), "`restart` has no meaning here", "never restarts"),
    "container_name": (case("«container_name: x"), "`container_name` has no meaning", "itself"),
    "networks": (case("«networks: [x]"), "`networks` has no meaning here", "network"),
    "mem_limit": (case("«mem_limit: 8g"), "`mem_limit` has no meaning", "limits: {memory: 8g}"),
    "timeout": (case("«timeout: 8s"), "`timeout` has no meaning here", "stands in `ready`"),
    "depends_on": (case("«depends_on: [x]"), "`depends_on` is known, but not built", "leave it"),
    "replicas": (case("deploy: {«replicas: 3}"), "`replicas` has no meaning", "in a case"),
    "scale": (case("«scale: 3"), "`scale` has no meaning here", "write `replicas: 3` in a case"),
    "no replicas": (case("replicas: «0"), "0 is too small", "the least is 1"),
    "replicas twice": (case("replicas: «[2, 2]"), "a number stands here twice", "each once"),
    "ports of all": (
        case("«replicas: 3, network_mode: host"),
        "all replicas would have the same ports",
        "leave one of the two out",
    ),
    "cache base": (case("cache: «base"), "does not know what the image stands on", "base: deb"),
    "base of origin": (case("base: x, registry: origin, cache: «base"), "own registry", "origin"),
    "cache word": (case("cache: «code"), "'code' is not known here", "did you mean `cold`?"),
    "cache list": (case("cache: [cold, «wrm]"), "'wrm' is not known here", "`warm`?"),
    "cache twice": (case("cache: «[cold, cold]"), "a cache state stands here twice", "once"),
    "no cache": (case("cache: «[]"), "`cache`: nothing in it", "at least one"),
    "bare time": (case("observe: «3"), "`observe`: 3 has no unit", "write 3s, or 3ms"),
    "bare time in quotes": (case('observe: «"3"'), "`observe`: '3' has no unit", "write 3s"),
    "bare grace": (case("stop_grace_period: «10"), "10 has no unit", "write 10s"),
    "no time": (case("sample: {interval: «0s}"), "'0s' is no time at all", "10ms"),
    "negative time": (case("stop_grace_period: «-3s"), "'-3s' is negative", "zero or more"),
    "negative bare time": (case("observe: «-3"), "-3 is not a duration", "30s"),
    "not a time": (case("observe: «1:30"), "'1:30' is not a duration", "1m30s"),
    "not a number": (case("observe: «.nan"), "nan is not a duration", "30s"),
    "bare size": (case("limits: {memory: «8}"), "`memory`: 8 has no unit", "write 8m, or 8g"),
    "bytes": (case("limits: {memory: «8589934592}"), "has no unit", "write 8589934592b"),
    "negative size": (case("shm_size: «-64m"), "'-64m' is negative", "zero or more"),
    "no memory": (case("limits: {memory: «0g}"), "'0g' is nothing", "512m or 8g"),
    "huge size": (case("shm_size: «99999999999999g"), "larger than any size", ""),
    "cpus": (case("limits: {cpus: «four}"), "'four' is not a number of cores", "4 or 0.5"),
    "no cpus": (case("limits: {cpus: «0}"), "`cpus`: 0 is too small", "write more than 0"),
    "cpus nan": (case("limits: {cpus: «.nan}"), "`cpus`: nan is too small", "more than 0"),
    "pids": (case("limits: {pids: «1.5}"), "`pids`: 1.5 is not a whole number", ""),
    "repeat in quotes": (case('repeat: «"3"'), "'3' is not a whole number", "write 3"),
    "no repeat": (case("repeat: «0"), "`repeat`: 0 is too small", "the least is 1"),
    "repeat true": (case("repeat: «true"), "`repeat`: true is not a whole number", ""),
    "many": (case("repeat: «99999"), "`repeat`: 99999 is too large", "the most is 10000"),
    "yes": (case("read_only: «yes"), "'yes' is neither true nor false", "true or false"),
    "number as flag": (case("init: «1"), "`init`: 1 is neither true nor false", "true or false"),
    "word of command": (case("command: [sleep, «30]"), "30 is not text", '"30"'),
    "command of map": (case("command: «{a: b}"), "neither text nor a list", '["python"'),
    "volumes of text": (case("volumes: «a"), "'a' is not a list", "write ['a']"),
    "port to publish": (case("ports: [«x]"), "'x' is not a port to publish", '"8080:80"'),
    "network": (case("network_mode: «brige"), "'brige' is not known here", "`bridge`?"),
    "gpus": (case("gpus: «some"), "'some' is not a number of devices", "`all`"),
    "registry": (case("registry: «mine"), "'mine' is not known here", "origin"),
    "ulimit": (case("ulimits: {nofile: «many}"), "'many' is not a whole number", ""),
    "user": (case("user: «[a]"), "a list where text is expected", ""),
    "no value": (case("«image: , command: x"), "`image` has no value", "leave the key out"),
    "item without value": (case("volumes: [/a, «~]"), "an item without a value", "write one"),
    "environment of text": (case("environment: «x"), "'x' is not a mapping", ""),
    "environment item": (case("environment: [A=1, «B]"), "'B' is not KEY=value", "B=${B}"),
    "environment twice": (case("environment: [A=1, «A=2]"), "A stands here twice", "keep one"),
    "environment of map": (
        case("environment: {A: «{b: c}}"),
        "`A`: a mapping where text",
        "quotes",
    ),
    "variable without value": (case("environment: {«A: }"), "`A` has no value", "write one"),
    "nothing to run": (
        scenario("cases: {«one: {ready: {tcp: {port: 80}}}}"),
        "`one`: needs one of `image`, `build` and `host`",
        "`image` pulls by name",
    ),
    "no ready": (
        scenario("cases: {«one: {host: {command: x}}}"),
        "`ready` is missing in 'one', a plain process",
        "ready: {http: {port: 8080}}",
    ),
    "limits twice": (
        scenario(
            "cases: {«one: {image: a, ready: {exit: true}, limits: {pids: 9},"
            " deploy: {resources: {limits: {pids: 8}}}}}"
        ),
        "`limits` and `deploy.resources.limits` together",
        "keep one",
    ),
    "expect twice": (
        case("expect: {fail: [READY], may_fail: [«READY]}"),
        "'READY' stands here twice",
        "keep one",
    ),
    "expect unknown": (case("expect: {fail: [«CI-4]}"), "'CI-4' is neither a row", ""),
    "device": (
        case("deploy: {resources: {reservations: {devices: [«{count: 1}]}}}"),
        "`capabilities` is missing in `devices`",
        "",
    ),
}

ENGINE = {
    "little memory": (case("limits: {memory: «5m}"), "5.00 MiB of memory is less", "6m"),
    "few cores": (case("limits: {cpus: «0.001}"), "0.001 cores is less", "0.01"),
    "little memory in deploy": (
        case("deploy: {resources: {limits: {memory: «1k}}}"),
        "1.00 KiB of memory is less",
        "6m",
    ),
    "cores": (case("cpuset: «two"), "'two' is not a list of cores", "0-3"),
    "cores backwards": (case("cpuset: «5-1"), "names no core", "0-3"),
    "many cores": (case("cpuset: «0-999999999"), "a core that no host has", "0-3"),
    "signal": (case("stop_signal: «NOPE"), "'NOPE' is not a signal", "SIGINT"),
    "signal beyond": (case("stop_signal: «RTMIN+99"), "is not a signal", "SIGINT"),
    "quote in command": (case('command: «"a \'b"'), "cannot be split into words", "close"),
    "quote in entrypoint": (case('entrypoint: «"it\'s"'), "cannot be split", "close"),
    "probe's command": (case("ready: {exec: «[]}"), "without a program", "one word"),
    "probe's text": (case("ready: {all: [{exec: {command: «''}}]}"), "without a program", ""),
    "port beyond": (case("ports: [«99999]"), "no port that there is", "1 to 65535"),
    "no port inside": (case("ports: [«'80:0']"), "no port that there is", "1 to 65535"),
    "ports backwards": (case("ports: [«'82-80']"), "no port that there is", ""),
    "ranges": (case("ports: [«'80-85:90-91']"), "two ranges that differ", "80-81"),
    "port's address": (case("ports: [«'999.1.1.1:80:80']"), "no address that there is", ""),
    "name of an image": (
        scenario("cases: {one: {image: «'A b', ready: {exit: true}}}"),
        "'A b' is no name of an image",
        "small letters",
    ),
    "volume": (case("volumes: [«':/x']"), "':/x' is not a volume", "SOURCE:TARGET"),
    "way to mount": (case("volumes: [«'/x:/y:zz']"), "is not a volume", "SOURCE:TARGET"),
    "mount point": (case("volumes: [«'v:data']"), "at no path", "slash"),
    "tmpfs": (case("tmpfs: «run"), "'run' is no path", "slash"),
    "working folder": (case("working_dir: «app"), "'app' is no path", "slash"),
    "variable": (case("environment: {«'A=B': c}"), "'A=B' is no name of a variable", "="),
    "variable without name": (case("environment: {«'': c}"), "'' is no name of a variable", ""),
    "ulimit": (case("ulimits: {«nofile: {soft: 9, hard: 1}}"), "above the hard one", "1"),
    "check": (case("healthcheck: {test: «[curl]}"), "the first word of `test`", "before it"),
    "empty check": (case("healthcheck: {test: «' '}"), "a check without a command", ""),
    "check without command": (case("healthcheck: {test: «[CMD]}"), "without its command", ""),
    "long": (case("stop_grace_period: «1000000000s"), "longer than a week", "168h"),
    "kernel parameter": (case("sysctls: [«a]"), "'a' is not KEY=value", "a=${a}"),
    "profile of seccomp": (
        case("security_opt: [«seccomp=./x.json]"),
        "profiles of seccomp are not read",
        "unconfined",
    ),
    "security option": (case("security_opt: [«zzz]"), "'zzz' is no security option", "label"),
}

READY = {
    "no probe": (
        scenario("cases: {one: {host: {command: x}, «ready: {timeout: 3s}}}"),
        "no probe named",
        "exactly one of http",
    ),
    "two probes": (case("«ready: {exit: true, log: x}"), "`log` and `exit` together", "exactly"),
    "both lists": (
        case("«ready: {all: [{exit: true}], any: [{exit: true}]}"),
        "`all` and `any` together",
        "exactly one",
    ),
    "empty all": (case("ready: {all: «[]}"), "`all`: nothing in it", "at least one"),
    "empty in all": (case("ready: {all: [«{}]}"), "no probe named", "exactly one of http"),
    "two in any": (
        case("ready: {any: [«{tcp: {port: 1}, log: x}]}"),
        "`any`: `tcp` and `log` together",
        "exactly one of http, tcp, grpc, log, exec, healthcheck, exit",
    ),
    "no port": (
        scenario("cases: {one: {host: {command: x}, ready: {«http: {path: /}}}}"),
        "`port` is missing in `http`",
        "port: 8080",
    ),
    "port range": (case("ready: {tcp: {port: «65536}}"), "65536 is too large", "65535"),
    "port as text": (case("ready: {tcp: {port: «'80'}}"), "'80' is text", "write 80"),
    "port and path": (case("ready: {tcp: {port: «80/x}}"), "'80/x' is not a port", "its number"),
    "name of a port": (
        case("ready: {tcp: {port: «web}}"),
        "no port is called 'web'",
        "write its number",
    ),
    "path": (case("ready: {http: {port: 80, path: «x}}"), "'x' is not a path", "slash"),
    "path with é": (case("ready: {http: {port: 80, path: «/é}}"), "'/é' is not a path", "%C3%A9"),
    "status": (case("ready: {http: {port: 80, status: «20}}"), "20 is no HTTP status", "200-399"),
    "class of statuses": (
        case("ready: {http: {port: 80, status: «2xx}}"),
        "'2xx' is no HTTP status",
        "200-399",
    ),
    "range of statuses": (
        case("ready: {http: {port: 80, status: «399-200}}"),
        "'399-200' is no HTTP status",
        "200-399",
    ),
    "status in a list": (
        case("ready: {http: {port: 80, status: «[200, 600]}}"),
        "600 is no HTTP status",
        "a list of them",
    ),
    "no statuses": (case("ready: {http: {port: 80, status: «[]}}"), "nothing in it", "one"),
    "method": (case("ready: {http: {port: 80, method: «get}}"), "is not a method", "GET"),
    "scheme": (case("ready: {http: {port: 80, scheme: «ftp}}"), "'ftp' is not known", "https"),
    "header": (
        case('ready: {http: {port: 80, headers: {X: «"a\\r\\nB: c"}}}'),
        "a control character",
        "one line",
    ),
    "name of a header": (
        case("ready: {http: {port: 80, headers: {«'a b': c}}}"),
        "'a b' is not a name",
        "",
    ),
    "header that is a number": (
        case("ready: {http: {port: 80, headers: {X: «1}}}"),
        "1 is not text",
        "quotes",
    ),
    "host twice": (
        case("ready: {http: {port: 80, «host: a, headers: {host: b}}}"),
        "`host` and a header `Host` together",
        "one of them",
    ),
    "certificate without TLS": (
        case("ready: {http: {port: 80, host: a, «verify: true}}"),
        "no certificate without TLS",
        "scheme: https",
    ),
    "certificate of nobody": (
        case("ready: {http: {port: 443, scheme: https, «verify: true}}"),
        "the certificate is for a name",
        "`host`",
    ),
    "body of HEAD": (
        case("ready: {http: {port: 80, method: HEAD, «body: ok}}"),
        "the answer to HEAD has no body",
        "method",
    ),
    "socket and port": (
        case("ready: {tcp: {port: 80, «socket: /run/x}}"),
        "`port` and `socket` together",
        "one of them",
    ),
    "socket": (case("ready: {tcp: {socket: «run/x}}"), "'run/x' is not a path", "slash"),
    "times": (case("ready: {log: {pattern: x, times: «0}}"), "0 is too small", "1"),
    "attempt": (case("ready: {exit: true, attempt_timeout: «1}"), "1 has no unit", "1s"),
    "grpc without network": (
        case("network_mode: none, ready: {«grpc: {port: 80}}"),
        "`grpc` cannot reach a container",
        "`socket`",
    ),
    "pattern": (case("ready: {log: «'('}"), "not a regular expression: missing )", ""),
    "pattern that never ends": (
        case("ready: {log: «'^(a+)+$'}"),
        "'(a+)+' repeats a repeat",
        "write it once",
    ),
    "long pattern": (case("ready: {log: {pattern: «'['}}"), "not a regular expression", ""),
    "exit number": (case("ready: {exit: «1}"), "1 cannot stand here", "write true"),
    "bare timeout": (case("ready: {exit: true, timeout: «60}"), "60 has no unit", "write 60s"),
    "unknown": (case("ready: {exit: true, «port: 3}"), "unknown key `port`", ""),
    "tcp without network": (
        case("network_mode: none, ready: {«tcp: {port: 80}}"),
        "`tcp` cannot reach a container with `network_mode: none`",
        "use log, exec",
    ),
    "http in all without network": (
        case("network_mode: none, ready: {all: [{log: x}, {«http: {port: 80}}]}"),
        "`http` cannot reach a container",
        "use log, exec",
    ),
    "health check disabled": (
        case("healthcheck: {disable: true}, ready: {«healthcheck: true}"),
        "waits for the health check that is disabled",
        "leave `disable: true` out",
    ),
}

WAIVED = "checklist: cloud-native\nchecks: {{CI-3: {{waive: {{reason: x, until: {}}}}}}}"

REST = {
    "metric": (
        scenario(rest="thresholds: {«startup: '<= 3s'}"),
        "no metric 'startup'",
        "startup_s",
    ),
    "far metric": (scenario(rest="thresholds: {«qqqqq: '<= 3'}"), "no metric", "bench explain"),
    "no comparison": (
        scenario(rest="thresholds: {startup_s: «30s}"),
        "'30s' is not a threshold",
        '"max <= 30s"',
    ),
    "bare number": (
        scenario(rest="thresholds: {layer_count: «5}"),
        "`layer_count`: 5 is not a threshold",
        "write it like",
    ),
    "bare time": (
        scenario(rest="thresholds: {startup_s: «'<= 30'}"),
        "`startup_s`: '30' has no unit",
        "write 30s",
    ),
    "bare size": (
        scenario(rest="thresholds: {image_size_bytes: «'<= 1024'}"),
        "'1024' has no unit",
        "1024MiB (binary), or 1024MB",
    ),
    "ambiguous size": (
        scenario(rest="thresholds: {image_size_bytes: «'<= 8g'}"),
        "'8g' is not an exact size",
        "GiB (binary)",
    ),
    "aggregate": (
        scenario(rest="thresholds: {startup_s: «'p96 <= 3s'}"),
        "'p96' is not an aggregate",
        "p90, p95, p99",
    ),
    "negative time": (scenario(rest="thresholds: {pull_s: «'<= -3s'}"), "'-3s' is negative", ""),
    "negative count": (scenario(rest="thresholds: {oom_kills: «'<= -1'}"), "'-1' is negative", ""),
    "infinite": (scenario(rest="thresholds: {oom_kills: «'< inf'}"), "'inf' is not a finite", ""),
    "long limit": (
        scenario(rest="thresholds: {startup_s: {limit: «'<= 3'}}"),
        "`startup_s`: '3' has no unit",
        "write 3s",
    ),
    "aggregate in long limit": (
        scenario(rest="thresholds: {startup_s: {limit: «'max <= 3s'}}"),
        "names an aggregate",
        "over: max",
    ),
    "no limit": (
        scenario(rest="thresholds: {«startup_s: {over: max}}"),
        "`limit` is missing in `startup_s`",
        'limit: "<= 30s"',
    ),
    "over": (
        scenario(rest="thresholds: {startup_s: {limit: '< 3s', over: «med}}"),
        "'med' is not known here",
        "`median`?",
    ),
    "cache that no case has": (
        scenario(rest="thresholds: {startup_s: {limit: '< 3s', cache: «warm}}"),
        "no case is measured with `cache: warm`",
        "cases are: cold",
    ),
    "check without checklist": (
        scenario(rest="checks: {«CI-3: off}"),
        "'CI-3' is a row of a checklist, and none is named",
        "checklist: cloud-native",
    ),
    "check of no row": (
        scenario(rest="checklist: cloud-native\nchecks: {«CI-33: off}"),
        "no row 'CI-33' in the checklist",
        "`CI-3`?",
    ),
    "check on": (
        scenario(rest="checklist: cloud-native\nchecks: {CI-3: «on}"),
        "'on' is not a setting",
        "write off",
    ),
    "check false": (
        scenario(rest="checklist: cloud-native\nchecks: {CI-3: «false}"),
        "`CI-3`: false is not a mapping",
        "severity",
    ),
    "severity": (
        scenario(rest="checklist: cloud-native\nchecks: {CI-3: {severity: «blok}}"),
        "'blok' is not known here",
        "`block`?",
    ),
    "contact's port": (
        scenario(rest="checklist: cloud-native\nchecks: {CI-3: {allow: [a, «'config:99999']}}"),
        "'config:99999' has no port that there is",
        "from 1 to 65535",
    ),
    "contact's address": (
        scenario(rest="checklist: cloud-native\nchecks: {CI-3: {allow: [«'::1']}}"),
        "'::1' is not a destination",
        "[2001:db8::1]:443",
    ),
    "waiver's date": (
        scenario(rest=WAIVED.format("«2027-13-01")),
        "'2027-13-01' is not a date",
        "2027-01-31",
    ),
    "waiver's number": (
        scenario(rest=WAIVED.format("«0")),
        "0 is not a date",
        "2027-01-31",
    ),
    "baseline": (
        scenario(rest="compare: {baseline: «on, candidates: [one]}"),
        "there is no case 'on'",
        "did you mean `one`?",
    ),
    "candidate": (
        scenario(rest="compare: {baseline: one, candidates: [«two]}"),
        "there is no case 'two'",
        "known here: one",
    ),
    "candidate is baseline": (
        scenario(rest="compare: {baseline: one, candidates: [«one]}"),
        "'one' is compared already",
        "leave it out",
    ),
    "no candidates": (
        scenario(rest="compare: {baseline: one, candidates: «[]}"),
        "`candidates`: nothing in it",
        "at least one",
    ),
    "service is no case": (
        scenario(rest=f"services: {{db: {CASE[:-1]}, «repeat: 3}}}}"),
        "unknown key `repeat`",
        "",
    ),
}

FIGURE = "pattern: '([0-9.]+) s', unit: s, better: lower"


def figure(what: str) -> str:
    """A case with one metric of its own."""
    return case(f"metrics: {{{what}}}")


METRICS = {
    "name": (
        figure(f"«Epoch: {{{FIGURE}}}"),
        "'Epoch' is not a name",
        "small letters, digits and `_`, at most 40",
    ),
    "name of bench's": (
        figure(f"«startup_s: {{{FIGURE}}}"),
        "bench has a metric 'startup_s' of its own",
        "something else",
    ),
    "name of a column": (
        figure(f"«round: {{{FIGURE}}}"),
        "'round' is a column of trials.csv",
        "something else",
    ),
    "name of an excerpt": (
        case("excerpts: {«My-Part: {begin: a, end: b}}"),
        "'My-Part' is not a name",
        "small letters, digits and `_`, at most 40",
    ),
    "begin of an excerpt": (
        case("excerpts: {a: {begin: «'([0-9', end: b}}"),
        "`begin`: not a regular expression",
        "",
    ),
    "end of an excerpt": (
        case("excerpts: {«a: {begin: b}}"),
        "`end` is missing in `a`",
        "write `end: …`",
    ),
    "not a pattern": (
        figure("a: {pattern: «'([0-9', unit: s, better: lower}"),
        "`pattern`: not a regular expression",
        "",
    ),
    "pattern that never ends": (
        figure("a: {pattern: «'x(?P<value>[0-9]*)*', unit: s, better: lower}"),
        "repeats a repeat",
        "write it once",
    ),
    "no group": (
        figure("a: {pattern: «'took [0-9]+ s', unit: s, better: lower}"),
        "no group says which part is the number",
        "in parentheses",
    ),
    "two groups": (
        figure("a: {pattern: «'(epoch) ([0-9]+)', unit: s, better: lower}"),
        "2 groups, and none says that it is the number",
        "(?P<value>…)",
    ),
    "no source": (
        figure("«a: {unit: s, better: lower}"),
        "`a`: needs either `pattern` or `json_key`",
        "each line",
    ),
    "two sources": (
        figure(f"«a: {{json_key: a, {FIGURE}}}"),
        "`a`: needs either `pattern` or `json_key`",
        "each line",
    ),
    "no unit": (
        figure("«a: {json_key: a, better: lower}"),
        "`unit` is missing in `a`",
        "write `unit: …`",
    ),
    "no direction": (figure("«a: {json_key: a, unit: s}"), "`better` is missing in `a`", "write"),
    "direction": (
        figure("a: {json_key: a, unit: s, better: «less}"),
        "'less' is not known here",
        "lower",
    ),
    "take": (
        figure("a: {json_key: a, unit: s, better: lower, take: «median}"),
        "'median' is not known here",
        "mean",
    ),
    "misspelt unit": (
        figure("a: {json_key: a, unit: «seconds, better: lower}"),
        "'seconds' is not a unit that bench converts",
        "write s",
    ),
    "unit of another size": (
        figure("a: {json_key: a, unit: «MiB, better: lower}"),
        "'MiB' is not a unit that bench converts",
        "write bytes",
    ),
    "no word": (
        figure("a: {json_key: a, unit: «'rows per second', better: lower}"),
        "'rows per second' is not a unit",
        "a rate such as rows/s",
    ),
    "another unit in another case": (
        scenario(
            "cases:\n  a: {image: x, ready: {exit: true}, "
            f"metrics: {{m: {{{FIGURE}}}}}}}\n  b: {{image: x, ready: {{exit: true}}, "
            "metrics: {m: {json_key: m, unit: «ms, better: lower}}}"
        ),
        "'m' has another unit in another case: 's'",
        "write the same",
    ),
    "another direction in another case": (
        scenario(
            "cases:\n  a: {image: x, ready: {exit: true}, "
            f"metrics: {{m: {{{FIGURE}}}}}}}\n  b: {{image: x, ready: {{exit: true}}, "
            "metrics: {m: {json_key: m, unit: s, better: «higher}}}"
        ),
        "'m' has another better in another case: 'lower'",
        "write the same",
    ),
    "limit in another unit": (
        scenario(
            f"cases: {{one: {{image: x, ready: {{exit: true}}, metrics: {{m: {{{FIGURE}}}}}}}}}",
            "thresholds: {m: «'<= 3'}",
        ),
        "'3' has no unit",
        "3s",
    ),
    "limit that is no number": (
        scenario(
            "cases: {one: {image: x, ready: {exit: true}, "
            "metrics: {m: {json_key: m, unit: rows/s, better: higher}}}}",
            "thresholds: {m: «'>= 3 cols/s'}",
        ),
        "'3 cols/s' is not a number of rows/s",
        "",
    ),
}

MATRIX = {
    "nothing": (case("«matrix: {}"), "`matrix`: nothing in it", "limits.memory"),
    "no mapping": (case("«matrix: [1, 2]"), "`matrix`: a list is not a mapping", "limits.memory"),
    "no list": (
        case("matrix: {«limits.memory: 64m}"),
        "`limits.memory`: '64m' where a list of values is expected",
        "[64m, 128m]",
    ),
    "empty list": (
        case("matrix: {«limits.memory: []}"),
        "where a list of values is expected",
        "[64m, 128m]",
    ),
    "mapping in a list": (
        case("matrix: {limits: [«{memory: 64m}]}"),
        "a mapping has no name of its own",
        "write labels",
    ),
    "label without keys": (
        case("matrix: {size: {small: «64m}}"),
        "`small`: '64m' where keys of a case are expected",
        "write a list",
    ),
    "no path": (case("matrix: {«limits..memory: [1g]}"), "'limits..memory' is no path", "limits."),
    "itself": (case("matrix: {«matrix.a: [1g]}"), "cannot expand itself", "leave it out"),
    "unknown key": (case("matrix: {limits.memry: [«1g]}"), "unknown key `memry`", "memory"),
    "unknown key under a label": (
        case("matrix: {size: {small: {«limit: {}}}}"),
        "unknown key `limit`",
        "limits",
    ),
    "value": (case("matrix: {limits.memory: [1g, «64]}"), "`memory`: 64 has no unit", "64m"),
    "through a value": (
        case("command: ls, matrix: {command.x: [«1]}"),
        "`command` is no mapping in this case",
        "with labels",
    ),
    "same name twice": (
        case("«matrix: {environment.A: ['a b', a_b]}"),
        "two cases of 'one' would have the same name",
        "write labels",
    ),
    "long name": (
        case(f"«matrix: {{environment.A: [{'a' * 61}]}}"),
        "has more than 63 characters",
        "shorter",
    ),
    "too many": (
        case(f"«matrix: {{repeat: {list(range(1, 102))}}}"),
        "`matrix` makes 101 cases of 'one': more than 100 in all",
        "leave some values out",
    ),
    "name of another case": (
        scenario(
            "cases:\n  a: {image: x, ready: {exit: true}, «matrix: {repeat: [1]}}\n"
            "  a.1: {image: x, ready: {exit: true}}"
        ),
        "a case 'a.1' comes out of this, and there is one already",
        "something else",
    ),
    "compare with what was expanded": (
        scenario(
            "cases: {a: {image: x, ready: {exit: true}, matrix: {repeat: [1, 2]}}}",
            "compare: {baseline: «a, candidates: [a.2]}",
        ),
        "there is no case 'a'",
        "a.1",
    ),
    "in a service": (
        scenario(rest="services: {db: {image: x, ready: {exit: true}, «matrix: {a: [1]}}}"),
        "`matrix` has no meaning here",
        "stands in a case",
    ),
}

VARIABLES = {
    "unset": (case('command: "«${NOPE}"'), "the variable NOPE is not set", "${NOPE:-value}"),
    "near": (case('command: "a «${HOM}"'), "the variable HOM is not set", "${HOME}"),
    "in the second line": (
        scenario(
            "cases:\n  one:\n    image: x\n    ready: {exit: true}\n"
            "    command: |\n      a\n      b «${NOPE}"
        ),
        "NOPE is not set",
        "",
    ),
    "message": (case("command: '«${A:?ask Bob}'"), "A is not set: ask Bob", "set A"),
    "empty": (case("command: '«${EMPTY:?}'"), "EMPTY is empty", "set EMPTY"),
    "without braces": (case("command: echo «$HOME"), "`$HOME` without braces", "$$HOME"),
    "unclosed": (case("command: 'a «${HOME'"), "`${` without its `}`", "close it"),
    "no name": (case("command: '«${}'"), "`${}` is not a variable", "${VAR}"),
    "no operator": (case("command: '«${A B}'"), "is not a variable", "${VAR:-default}"),
    "wrong type": (case('repeat: «"${WORD}"'), "'word' is not a whole number", ""),
    "within braces": (case("command: «${HOME}"), "a variable within { } or [ ]", "in quotes"),
    "no text": (case('command: "«${BYTES}"'), "BYTES is not UTF-8 text", "set BYTES"),
    "version true": ("version: «true", "true is not a version", "known is: 1"),
}

ALL = {
    f"{group}: {name}": row
    for group, rows in {
        "yaml": YAML,
        "top": TOP,
        "case": CASES,
        "engine": ENGINE,
        "ready": READY,
        "rest": REST,
        "metrics": METRICS,
        "matrix": MATRIX,
        "variables": VARIABLES,
    }.items()
    for name, row in rows.items()
}


@pytest.mark.parametrize(("marked", "message", "suggestion"), ALL.values(), ids=ALL)
def test_each_fault_is_reported_once_where_it_stands_and_with_advice(
    marked: str, message: str, suggestion: str
):
    fault = one_fault(marked, HOME="/root", WORD="word", EMPTY="", BYTES="a\udcff")

    assert message in fault.message
    assert suggestion in fault.suggestion
    for jargon in ("Input should", "pydantic", "https:", "Value error", "Extra inputs"):
        assert jargon not in str(fault)


def test_build_paths_are_looked_up_beside_the_scenario(tmp_path: Path):
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "good.Dockerfile").touch()

    fault = one_fault(case("build: {context: «wbe}"), tmp_path)
    assert fault.message == "there is no folder 'wbe'"
    assert fault.suggestion == "did you mean `web`?"

    fault = one_fault(case("build: {context: web, dockerfile: «god.Dockerfile}"), tmp_path)
    assert fault.message == "there is no file 'god.Dockerfile' in 'web'"
    assert fault.suggestion == "did you mean `good.Dockerfile`?"

    fault = one_fault(case("build: «web"), tmp_path)
    assert fault.message == "there is no file 'Dockerfile' in 'web'"

    text = case("build: {context: web, dockerfile: good.Dockerfile}")
    assert parse_scenario_text(text, "s.yaml", folder=tmp_path).scenario.cases["one"].build


def test_files_whose_change_asks_for_another_build_lie_in_the_context_themselves(tmp_path: Path):
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "Dockerfile").touch()
    (tmp_path / "web" / "app.py").touch()
    (tmp_path / "web" / "link.py").symlink_to("app.py")
    (tmp_path / "other.py").touch()

    def build(files: str) -> str:
        return case(f"build: {{context: web, rebuild_after: {files}}}")

    fault = one_fault(build("[app.py, «ap.py]"), tmp_path)
    assert fault.message == "there is no file 'ap.py' in 'web'"
    assert fault.suggestion == "did you mean `app.py`?"
    for name in ("../other.py", "link.py", str(tmp_path / "web" / "app.py"), "/etc/passwd"):
        fault = one_fault(build(f"«{name}"), tmp_path)
        assert fault.message.endswith(" leads out of 'web', or over a link")

    loaded = parse_scenario_text(build("app.py"), "s.yaml", folder=tmp_path)
    one = loaded.scenario.cases["one"].build
    assert one is not None
    assert one.rebuild_after == ["app.py"]


def test_a_service_s_build_is_looked_up_too(tmp_path: Path):
    marked = scenario(rest="services: {db: {build: «nowhere, ready: {exit: true}}}")
    assert one_fault(marked, tmp_path).message == "there is no folder 'nowhere'"


def test_an_env_file_must_be_there_and_its_faults_are_shown_without_its_values(tmp_path: Path):
    fault = one_fault(case("env_file: [«.env]"), tmp_path)
    assert fault.message == "there is no file '.env'"

    (tmp_path / ".env").write_text("A=1\nhunter2\n")
    (fault,) = faults_in(case("env_file: .env"), tmp_path)
    assert (fault.file, fault.line, fault.col) == (str(tmp_path / ".env"), 2, 1)
    assert "hunter2" not in str(fault)


@pytest.mark.parametrize("name", ["x" * 300, "a\\tb", "../" * 40 + "etc/passwd/x"])
def test_odd_paths_are_folders_that_do_not_exist(tmp_path: Path, name: str):
    assert "there is no folder" in one_fault(case(f'build: «"{name}"'), tmp_path).message


def test_expected_failures_are_rows_of_the_checklist_or_thresholds():
    rest = "checklist: cloud-native\nthresholds: {pull_s: '< 3s'}\nchecks: {CI-5: off}"
    good = scenario(f"cases: {{one: {CASE[:-1]}, expect: {{fail: [CI-4, pull_s]}}}}}}", rest)
    loaded = parse_scenario_text(good, "s.yaml")
    assert loaded.scenario.cases["one"].expect
    assert loaded.scenario.cases["one"].expect.fail == ["CI-4", "pull_s"]

    marked = scenario(f"cases: {{one: {CASE[:-1]}, expect: {{fail: [CI-3, «CI-44]}}}}}}", rest)
    assert one_fault(marked).suggestion == "did you mean `CI-4`?"

    marked = scenario(f"cases: {{one: {CASE[:-1]}, expect: {{fail: [«CI-5]}}}}}}", rest)
    assert one_fault(marked).message == "'CI-5' cannot fail: `checks` leaves it out"


def test_a_broken_checklist_is_reported_where_it_is_named(tmp_path: Path):
    (tmp_path / "mine.yaml").write_text("name: mine\nrowz: []\n")
    fault = one_fault(scenario(rest="checklist: «mine.yaml"), tmp_path)
    assert "mine.yaml:" in fault.message


def test_a_fault_in_the_defaults_is_reported_once_and_there():
    marked = scenario(
        f"defaults:\n  repeat: «0\ncases:\n  a: {CASE}\n  b: {CASE}\n  c: {CASE[:-1]}, repeat: 3}}"
    )
    assert one_fault(marked).message == "`repeat`: 0 is too small"


def test_a_fault_in_defaults_that_every_case_overrides_is_still_found():
    marked = scenario(f"defaults: {{repeat: «0}}\ncases: {{a: {CASE[:-1]}, repeat: 3}}}}")
    assert one_fault(marked).message == "`repeat`: 0 is too small"


def test_all_faults_come_at_once_sorted_by_place():
    marked = """\
version: 1
name: «a b
«compose: x
defaults:
  observe: «3
cases:
  one:
    image: x
    «image: y
    build: «nowhere
    ready: {tcp: {«prt: 80}}
  two: {image: x, ready: {log: x}, repeat: «0, «restart: always, command: "«${NOPE}"}
thresholds: {«startup: '<= 3s', pull_s: «'<= 3'}
compare: {baseline: «tow, candidates: [one]}
"""
    text, places = unmarked(marked)
    faults = faults_in(text)
    found = [(one.line, one.col) for one in faults]

    assert found == sorted(found)
    assert set(places) <= set(found)
    extra = [one.message for one in faults if (one.line, one.col) not in places]
    assert extra == ["`one`: needs one of `image`, `build` and `host`"]


@pytest.mark.parametrize("pattern", [r"(\d+\.)+ready", "(a+b)*", r"\(a+\)+", "(a|b+)+", "[(a+)]+"])
def test_patterns_that_end_are_taken(pattern: str):
    text = case(f"ready: {{log: '{pattern}'}}")
    parse_scenario_text(text, "s.yaml")


def test_what_a_build_takes_beside_its_context_must_be_there(tmp_path: Path):
    (tmp_path / "Dockerfile").touch()

    def build(settings: str) -> str:
        return case(f"build: {{context: ., {settings}}}")

    fault = one_fault(build("secrets: [{id: a, file: «token}]"), tmp_path)
    assert fault.message == "there is no file 'token'"
    fault = one_fault(build("secrets: [«{id: a}]"), tmp_path)
    assert "needs either `file` or `environment`" in fault.message
    fault = one_fault(build("additional_contexts: {a: «nowhere}"), tmp_path)
    assert fault.message == "there is no folder 'nowhere'"
    fault = one_fault(
        case("build: «{context: ., dockerfile: D, dockerfile_inline: FROM a}"), tmp_path
    )
    assert "`dockerfile` and `dockerfile_inline` together" in fault.message
