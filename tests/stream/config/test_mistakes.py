"""Every mistake says where it is, what was expected there, what was found, and what was perhaps meant."""
# ruff: noqa: E501 - a row of the table is one line, so that a message is read as a user sees it

import pytest

from detectors.distances import DISTANCES, USUAL
from stream.config.mistakes import ConfigurationError, Mistake, choice
from stream.config.parse import onboarding, parse

SECTIONS = "defaults, dispatch, events, hooks, http, kafka, limits, models, monitors, store or topics"
KAFKA = "bootstrap, check_crcs, create_topics, from, name, security or transactional"
SECURITY = "ca_file, cert_file, check_hostname, key_file, mechanism, password, protocol or username"
MODEL = "better, drift, fairness, false_triggers_per_month, features, labels, metrics, output, policy, reference, segments, sequential, tolerate, topics, trigger, versions or windows"
DURATION = "a duration such as 500ms, 30s, 5m, 1h or 7d"
SECRET = "env:NAME or file:PATH, never the secret itself"
TOPIC = "a topic name: letters, digits, `.`, `_` and `-`, at most 249"
LATENESS = "lateness only in `defaults`: it is one for the service, because models share the clocks of their partitions"
ALIAS = "a value, in quotes where it begins with `*`: aliases are not read, `defaults` holds for all models"
MEASURES = choice([name for name in DISTANCES if name not in USUAL])
KINDS = "binary, multiclass, regression or ranking"
ALONE = "one metric: how several of this kind err together is not known"
TOGETHER = "one metric, or several of true_negatives, false_positives, false_negatives, true_positives, accuracy, precision, recall, specificity, f1, balanced_accuracy or selection_rate, whose errors are known together"

MISTAKES = (
    # No YAML, or YAML that is more than a configuration needs.
    ("a: [", "line 1: expected YAML (column 5: expected the node content, but found '<stream end>')"),
    ("\nkafka: b: c", "line 2: expected YAML (column 9: mapping values are not allowed here)"),
    ("kafka:\n\tfrom: latest", "line 2: expected YAML (column 1: found character '\\t' that cannot start any token)"),
    ("a:\n \x00", "line 2: expected printable text, found the character 0x0"),
    ('a: "\\UFFFFFFFF"', "expected YAML, with escapes that are characters"),
    ("{}\n---\n{}", "line 2: expected one YAML document in a file, found a second one"),
    ("kafka", "line 1: expected a mapping of sections, such as `kafka:`, found kafka"),
    ("- kafka", "line 1: expected a mapping of sections, such as `kafka:`, found a list"),
    ("kafka: {? [a] : b}", "line 1: kafka: expected a text as key, found a list or a mapping"),
    ("http: {}\nhttp: {}", "line 2: http: expected each key once (its first place is line 1)"),
    ("store: {path: *x}", f"line 1: store.path: expected {ALIAS}\nline 1: store.path: expected a text, found nothing"),
    ("store: {path: !x y}", "line 1: store.path: expected a value, in quotes where it begins with `!`: no YAML tag"),
    ("kafka: " + "[" * 40 + "]" * 40, "line 1: kafka[0][0]...: expected at most 24 levels"),
    # Keys.
    ("kafak: {}", f"line 1: kafak: expected {SECTIONS}, found an unknown key; did you mean kafka?"),
    ("zzz: {}", f"line 1: zzz: expected {SECTIONS}, found an unknown key"),
    ("kafka:\n  bootstap: x", f"line 2: kafka.bootstap: expected {KAFKA}, found an unknown key; did you mean bootstrap?"),
    ("kafka: 5", f"line 1: kafka: expected a mapping of the keys {KAFKA}, found a single value"),
    ("models: []", "line 1: models: expected a mapping of model names or patterns, found a list"),
    ('models: {"": {}}', 'line 1: models."": expected a model name or a pattern such as fraud-*, found nothing'),
    ("models: {a: {lateness: 2m}}", f"line 1: models.a.lateness: expected {LATENESS}"),
    ("models: {a: {pane: 2m}}", f"line 1: models.a.pane: expected {MODEL}, found an unknown key"),
    ("kafka: {security: {pasword: x}}", f"line 1: kafka.security.pasword: expected {SECURITY}, found an unknown key; did you mean password?"),
    ("kafka: {security: {password hunter2}}", f"line 1: kafka.security: expected {SECURITY}, found an unknown key; did you mean password?"),
    ("kafka: {security: env:P}", f"line 1: kafka.security: expected a mapping of the keys {SECURITY}, found a single value"),
    # Values.
    ("kafka: {from: first}", "line 1: kafka.from: expected earliest or latest, found first"),
    ("kafka: {from: latst}", "line 1: kafka.from: expected earliest or latest, found latst; did you mean latest?"),
    ("kafka: {create_topics: yes}", "line 1: kafka.create_topics: expected true or false, found yes"),
    ("kafka: {bootstrap: broker}", "line 1: kafka.bootstrap: expected host:port, or several separated by commas, found broker"),
    ("kafka: {bootstrap: 'a:1,b:0'}", "line 1: kafka.bootstrap: expected host:port, or several separated by commas, found a:1,b:0"),
    ("http: {listen: 8080}", "line 1: http.listen: expected host:port, such as 127.0.0.1:8080, found 8080"),
    ("http: {listen: 'a:65536'}", "line 1: http.listen: expected host:port, such as 127.0.0.1:8080, found a:65536"),
    ("http: {listen: '::1:80'}", "line 1: http.listen: expected host:port, such as 127.0.0.1:8080, found ::1:80"),
    ("http: {series_max: 0}", "line 1: http.series_max: expected a whole number above 0, found 0"),
    ("limits: {models: many}", "line 1: limits.models: expected a whole number above 0, found many"),
    ("limits: {models: 2.5}", "line 1: limits.models: expected a whole number above 0, found 2.5"),
    ("limits: {sample: -1}", "line 1: limits.sample: expected a whole number above 0, found -1"),
    ("limits: {event_bytes: 0}", "line 1: limits.event_bytes: expected a size above 0, found 0"),
    ("limits: {event_bytes: 64kib}", "line 1: limits.event_bytes: expected a size such as 65536, 64KiB or 1MB, found 64kib"),
    ("store: {path: ''}", 'line 1: store.path: expected a text, found ""'),
    ("store: {keep: demain à midi}", f'line 1: store.keep: expected {DURATION}, found "demain à midi"'),
    ("store: {path:}", "line 1: store.path: expected a text, found nothing"),
    ('store: {path: "a\\tb"}', 'line 1: store.path: expected text without control characters, found "a\\tb"'),
    ("store: {memory_limit: 1}", "line 1: store.memory_limit: expected a memory size such as 512MB or 1GiB, found 1"),
    ("store: {memory_limit: 0GB}", "line 1: store.memory_limit: expected a memory size such as 512MB or 1GiB, above 0, found 0GB"),
    ("store: {keep: 90}", f"line 1: store.keep: expected {DURATION}, found 90"),
    ("store: {keep: 999999d}", f"line 1: store.keep: expected {DURATION}, at most 100 years, found 999999d"),
    ("events: {idle: 0s}", "line 1: events.idle: expected a duration above 0, found 0s"),
    ("events: {max_ahead: 0s}", "line 1: events.max_ahead: expected a duration above 0, found 0s"),
    ("events: {max_skew: -5s}", f"line 1: events.max_skew: expected {DURATION}, found -5s"),
    ("events: {labels: labels}", "line 1: events.labels: expected a list such as [a, b], found labels"),
    ("events: {labels: [a b]}", f'line 1: events.labels[0]: expected {TOPIC}, found "a b"'),
    ("events: {labels: [.]}", "line 1: events.labels[0]: expected a topic name other than . and .., found ."),
    ("defaults: {lateness: soon}", f"line 1: defaults.lateness: expected {DURATION}, found soon"),
    ("defaults: {lateness: 0.5ns}", f"line 1: defaults.lateness: expected {DURATION}, a whole number of the smallest unit, found 0.5ns"),
    ("defaults: {tolerate: 1}", "line 1: defaults.tolerate: expected a number from 0 to below 1, found 1"),
    ("defaults: {tolerate: .nan}", "line 1: defaults.tolerate: expected a number from 0 to below 1, found .nan"),
    ("defaults: {output: {threshold: 1e999}}", "line 1: defaults.output.threshold: expected a number below 1e308, found 1e999"),
    ("defaults: {false_triggers_per_month: 0}", "line 1: defaults.false_triggers_per_month: expected a number above 0, found 0"),
    ("models: {a: {features: [x]}}", "line 1: models.a.features: expected a mapping of names, found a list"),
    ("models: {a: {features: {x: number}}}", "line 1: models.a.features.x: expected categorical or numeric, found number; did you mean numeric?"),
    ("models: {a: {features: {'': numeric}}}", 'line 1: models.a.features."": expected a name, found nothing'),
    ("models: {fraud: {windows: [5m, 1y]}}", f"line 1: models.fraud.windows[1]: expected {DURATION}, found 1y"),
    ("models: {fraud.v2: {output: {kind: binry}}}", 'line 1: models."fraud.v2".output.kind: expected auto, binary, multiclass, ranking or regression, found binry; did you mean binary?'),
    # Metrics.
    ("models: {a: {metrics: {x: 1 - recal}}}", f"line 1: models.a.metrics.x: expected a metric of the kind {KINDS}, found recal; did you mean recall?"),
    ("models: {a: {output: {kind: ranking}, metrics: {x: 1 - recall}}}", "line 1: models.a.metrics.x: expected a metric of the kind ranking, found recall; did you mean recall_at_5?"),
    ("models: {a: {metrics: {x: 5 * }}}", 'line 1: models.a.metrics.x: expected an arithmetic expression such as 5 * a / (b + 1), found "5 *"'),
    ("models: {a: {metrics: {x: recall ** 2}}}", 'line 1: models.a.metrics.x: expected numbers, names, + - * / ( ) and functions, found "recall ** 2"'),
    ("models: {a: {metrics: {x: sqr(mse)}}}", "line 1: models.a.metrics.x: expected one of the functions abs, exp, log, max, min, sqrt, found sqr; did you mean sqrt?"),
    ("models: {a: {metrics: {x: min(recall)}}}", "line 1: models.a.metrics.x: expected min of 2 to 8 numbers, found 1"),
    ("models: {a: {metrics: {x: 5}}}", "line 1: models.a.metrics.x: expected an expression with a name in it, found 5"),
    ("models: {a: {metrics: {x: ''}}}", 'line 1: models.a.metrics.x: expected a text, found ""'),
    ("models: {a: {metrics: {x: mae + mrr}}}", 'line 1: models.a.metrics.x: expected metrics of one kind of answers, found "mae + mrr"'),
    ("models: {a: {metrics: {x: mae + rmse}}}", f'line 1: models.a.metrics.x: expected {ALONE}, found "mae + rmse"'),
    ("models: {a: {metrics: {x: recall + roc_auc}}}", f'line 1: models.a.metrics.x: expected {TOGETHER}, found "recall + roc_auc"'),
    ("models: {a: {metrics: {recall: 1 - accuracy}}}", "line 1: models.a.metrics.recall: expected a new name: this is a metric already, found recall"),
    ("models: {a: {metrics: {cost: 1 - recall}, better: {cots: low}}}", "line 1: models.a.better.cots: expected cost, found cots; did you mean cost?"),
    ("models: {a: {better: {recall: high}}}", "line 1: models.a.better.recall: expected a metric of `metrics`, which has none, found recall"),
    ("models: {a: {metrics: {cost: 1 - recall}, better: {cost: lower}}}", "line 1: models.a.better.cost: expected high or low, found lower; did you mean low?"),
    ("models: {a: {metrics: {My cost: 1 - accuracy}}}", 'line 1: models.a.metrics."My cost": expected a name: lower-case letters, digits and `_`, at most 40, found "My cost"'),
    (f"models: {{a: {{metrics: {{{', '.join(f'm{i}: 1 - recall' for i in range(21))}}}}}}}", "line 1: models.a.metrics: expected at most 20, found 21"),
    ("models: {a: {output: {worth: {true_positves: 1}}}}", "line 1: models.a.output.worth.true_positves: expected true_negative, false_positive, false_negative or true_positive, found true_positves; did you mean true_positive?"),
    ("models: {a: {output: {worth: {true_positive: much}}}}", "line 1: models.a.output.worth.true_positive: expected a number, found much"),
    ("models: {a: {output: {worth: {true_positive: -1e10}}}}", "line 1: models.a.output.worth.true_positive: expected from -1000000000 to 1000000000, found -1e+10"),
    ("models: {a: {output: {kind: regression, worth: {true_positive: 1}}}}", "line 1: models.a.output.worth: expected only beside the kind binary or multiclass, found regression"),
    ("models: {a: {output: {kind: multiclass, worth: {bug: 1}}}}", "line 1: models.a.output.worth.bug: expected classes that may be true, as `{bug: -3}`, found 1"),
    ("models: {a: {output: {worth: {true_positive: 1, bug: {bug: 1}}}}}", "line 1: models.a.output.worth.true_positive: expected classes that may be true, as `{bug: -3}`, found 1"),
    ("models: {a: {output: {kind: binary, worth: {true_positive: {bug: 1}}}}}", "line 1: models.a.output.worth.true_positive: expected a number, found a mapping"),
    ("models: {a: {output: {kind: multiclass, worth: {bug: {bug: much}}}}}", "line 1: models.a.output.worth.bug.bug: expected a number, found much"),
    ("models: {a: {output: {kind: multiclass, worth: {bug: {bug: 1e10}}}}}", "line 1: models.a.output.worth.bug.bug: expected from -1000000000 to 1000000000, found 1e+10"),
    ("models: {a: {output: {kind: multiclass, worth: {bug: [1]}}}}", "line 1: models.a.output.worth.bug: expected a mapping of names, found a list"),
    # References.
    ("models: {a: {reference: {file: f, learn: 1h}}}", "line 1: models.a.reference: expected file or learn, not both"),
    ("models: {a: {reference: {previous: -1}}}", "line 1: models.a.reference.previous: expected a whole number from 0 to below 400, found -1"),
    ("defaults: {windows: [7h], reference: {days: 7}}", "line 1: defaults.reference.days: expected windows that divide a day: there is no same 7 hours of another one, found a window of 7h"),
    ("models: {a: {windows: [5m, 2d], reference: {weeks: 4}}}", "line 1: models.a.reference.weeks: expected windows that divide a week: there is no same 2 days of another one, found a window of 2d"),
    ("models: {a: {reference: {season: week}}}", "line 1: models.a.reference.season: expected days or weeks: of how many of them the windows at the same time are compared with"),
    ("models: {a: {reference: {import: x}}}", "line 1: models.a.reference.import: expected file or learn: importing another tool's reference is not available yet"),
    ("models: {a: {reference: {learn: {events: 5000}}}}", "line 1: models.a.reference.learn: expected a duration such as 24h: learning from a number of events is not available yet"),
    # Keys that contradict each other.
    ("events: {predictions: []}", "line 1: events.predictions: expected at least one topic, found an empty list"),
    ("events: {labels: [a, b, a]}", "line 1: events.labels[2]: expected each name once, found a"),
    ("defaults: {lateness: 0s}", "events.max_skew: expected a duration: it may be left out only where lateness is above 0"),
    ("topics: {triggers: predictions}", "line 1: topics.triggers: expected a topic that is not read under `events`, found predictions"),
    ("topics: {plans: predictions}", "line 1: topics.plans: expected a topic that is not read under `events`, found predictions"),
    (
        "topics: {triggers: driftline.partials.predictions}",
        "line 1: topics.triggers: expected another topic than those of the partials, found driftline.partials.predictions",
    ),
    ("topics: {triggers: a, dead_letters: a}", "line 1: topics.dead_letters: expected another topic than topics.triggers, found a"),
    ("store: {keep: 1d}", "line 1: store.keep: expected longer than the longest window, 1d, found 1d"),
    (
        "events: {labels: [l]}\nstore: {keep: 30d}\ndefaults: {labels: {within: 30d}}",
        "line 2: store.keep: expected at least labels.within and the longest window, 31d, found 30d",
    ),
    ("defaults: {labels: {coverage: 0}}", "line 1: defaults.labels.coverage: expected above 0 and at most 1, found 0.0"),
    ("defaults: {drift: {measures: [helinger]}}", f"line 1: defaults.drift.measures[0]: expected {MEASURES}, found helinger; did you mean hellinger?"),
    ("models: {a: {drift: {measures: [psi]}}}", "line 1: models.a.drift.measures[0]: expected another distance: this one is always kept, found psi"),
    ("models: {a: {drift: {measures: [g, g]}}}", "line 1: models.a.drift.measures[1]: expected each name once, found g"),
    ("models: {a: {drift: {together: [pcs]}}}", "line 1: models.a.drift.together[0]: expected correlation, pca, classifier or mmd, found pcs; did you mean pca?"),
    ("models: {a: {drift: {tests: [ks, ks]}}}", "line 1: models.a.drift.tests[1]: expected each name once, found ks"),
    ("models: {a: {drift: {findings: {ks: 0.1}}}}", "line 1: models.a.drift.findings.ks: expected a test of `tests` or `together`, which have none, found ks"),
    ("models: {a: {drift: {tests: [ks], findings: {welch: 0.1}}}}", "line 1: models.a.drift.findings.welch: expected ks, found welch"),
    ("models: {a: {drift: {tests: [ks], sample: 10}}}", "line 1: models.a.drift.sample: expected from 50 to 5000, found 10"),
    ("models: {a: {drift: {tests: [ks]}, reference: {file: x.driftline.json}}}", "line 1: models.a.reference.file: expected a file of rows beside drift.tests and drift.together: a saved reference has none, found x.driftline.json"),
    ("defaults: {versions: {shares: {a: 1}}}", "line 1: defaults.versions.shares.a: expected a number from 0 to below 1, found 1"),
    ("defaults: {versions: {shares: {a: 0.5}}}", "line 1: defaults.versions.shares: expected two versions or more, found 1\nline 1: defaults.versions.shares: expected shares that add up to 1, found 0.5"),
    ("models: {m: {versions: {shares: {a: 0.9, b: 0.2}}}}", "line 1: models.m.versions.shares: expected shares that add up to 1, found 1.1"),
    ("models: {m: {versions: {shares: {a: 0, b: 0.5, c: 0.5}}}}", "line 1: models.m.versions.shares.a: expected above 0, found 0"),
    ("limits: {models: 1}\nmodels: {a: , b: }", "line 1: limits.models: expected at least the 2 models that are named, found 1"),
    ("defaults: {windows: []}", "line 1: defaults.windows: expected 1 to 6 lengths, found 0"),
    ("defaults: {windows: [1m, 2m, 3m, 4m, 5m, 6m, 7m]}", "line 1: defaults.windows: expected 1 to 6 lengths, found 7"),
    ("defaults: {windows: [60m, 1h]}", "line 1: defaults.windows[1]: expected each length once, found 1h"),
    ("defaults: {windows: [1h, {length: 60m, every: 5m}]}", "line 1: defaults.windows[1]: expected each length once: the windows that slide hold those that do not, found 1h"),
    ("defaults: {windows: [{length: 1h, every: 1h}]}", "line 1: defaults.windows[0].every: expected less than the length; windows that do not overlap are written as 1h, found 1h"),
    ("defaults: {windows: [{length: 1h, every: 7m}]}", "line 1: defaults.windows[0].every: expected a duration of which the length, 1h, is a whole multiple, found 7m"),
    ("defaults: {windows: [{length: 1d, every: 1m}]}", "line 1: defaults.windows[0].every: expected at least 5m, a 288th of the length, found 1m"),
    ("defaults: {windows: [{length: 32d, every: 1d}]}", "line 1: defaults.windows[0]: expected at most 31d, found 32d"),
    ("models: {a: {windows: [{length: 1h}]}}", f"line 1: models.a.windows[0].every: expected {DURATION}, found nothing"),
    ("models: {a: {windows: [[1h, 5m]]}}", "line 1: models.a.windows[0]: expected a mapping of the keys every or length, found a list"),
    ("defaults: {windows: [{length: 1h, evry: 5m}]}", "line 1: defaults.windows[0].evry: expected every or length, found an unknown key; did you mean every?"),
    ("defaults: {windows: [32d]}", "line 1: defaults.windows[0]: expected at most 31d, found 32d"),
    ("models:\n  a: {windows: [301001ms]}", "line 2: models.a.windows: expected window lengths that share a pane of a whole number of milliseconds, at most 5m"),
    ("defaults: {trigger: {windows: 4}}", "line 1: defaults.trigger.windows: expected at most trigger.of, 3, found 4"),
    ("models: {a: {trigger: {of: 1}}}", "line 1: models.a.trigger.windows: expected at most trigger.of, 1, found 2"),
    ("models: {a: {topics: [prediction]}}", "line 1: models.a.topics[0]: expected a topic that is read under `events`, found prediction; did you mean predictions?"),
    ("events: {labels: [l]}\nmodels: {a: {topics: [l]}}", "line 2: models.a.topics: expected at least one topic of events.predictions"),
    ("models: {a: {segments: [x, x]}}", "line 1: models.a.segments[1]: expected each name once, found x"),
    ("models: {a: {segments: [x, [x, y], {name: x x y, where: n > 1}]}}", 'line 1: models.a.segments[2]: expected each name once, found "x x y"'),
    ("models: {a: {segments: [[x]]}}", "line 1: models.a.segments[0].crossed: expected 2 to 3 names, found 1"),
    ("models: {a: {segments: [[x, x]]}}", "line 1: models.a.segments[0].crossed[1]: expected each name once, found x"),
    ("models: {a: {segments: [[x, [y]]]}}", "line 1: models.a.segments[0][1]: expected a text, found a list"),
    ("models: {a: {segments: [{where: n > 1}]}}", "line 1: models.a.segments[0].name: expected a name for the condition"),
    ("models: {a: {segments: [{name: x}]}}", "line 1: models.a.segments[0]: expected either `where`, a condition, or `crossed`, a list of names, found neither"),
    ("models: {a: {segments: [{nam: x}]}}", "line 1: models.a.segments[0].nam: expected crossed, name or where, found an unknown key; did you mean name?"),
    ("models:\n  a:\n    segments:\n      - site\n      - {name: x, where: n > 1 and}", 'line 5: models.a.segments[1].where: expected a condition such as amount > 1000 and country == \'FR\', found "n > 1 and"'),
    ("models: {a: {features: {age: numeric}, segments: [{name: x, where: agee > 1}]}}", "line 1: models.a.segments[0].where: expected declared `features`, and fields that are in `segments`, found agee; did you mean age?"),
    ("models: {a: {features: {age: categorical}, segments: [{name: x, where: age > 1}]}}", "line 1: models.a.segments[0].where: expected a numeric feature before < <= > >=, found age"),
    ("models: {a: {segments: [site, {name: x, where: site > 1}]}}", "line 1: models.a.segments[1].where: expected a numeric feature before < <= > >=, found site"),
    ("models: {a: {features: {age: numeric}, segments: [{name: x, where: age == 'old'}]}}", "line 1: models.a.segments[0].where: expected numbers beside a numeric feature, found age"),
    ("models: {a: {segments: [{name: x, where: field('output:score') > 1}]}}", "line 1: models.a.segments[0].where: expected features and fields of `segments`; what has one of these names must be declared as such, found output:score"),
    ("models: {a: {segments: [{name: x, where: score == 'high'}]}}", "line 1: models.a.segments[0].where: expected numbers beside a score, found score"),
    ("models: {a: {segments: [{name: x, where: version == '4'}]}}", "line 1: models.a.segments[0].where: expected features and fields of `segments`; what has one of these names must be declared as such, found version"),
    ("limits: {segments: 40000}\nmodels: {a: {segments: [x, y]}}", "line 2: models.a.segments: expected at most 65,535 values of all segments together; lower limits.segments, found 80,005"),
    ("models: {a: {segments: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u]}}", "line 1: models.a.segments: expected at most 20, found 21"),
    ("models: {a: {segments: [site, [site, x]], fairness: [site x y]}}", 'line 1: models.a.fairness[0]: expected a field of `segments`, found "site x y"; did you mean site x x?'),
    ("models: {a: {segments: [site], fairness: [sit]}}", "line 1: models.a.fairness[0]: expected a field of `segments`, found sit; did you mean site?"),
    ("limits: {features: 1}\nmodels: {a: {features: {x: numeric, y: numeric}}}", "line 2: models.a.features: expected at most limits.features, 1, found 2"),
    ('models: {a: {features: {"output:x": numeric}}}', 'line 1: models.a.features."output:x": expected a name that does not begin with output: or service: or attribution:, found output:x'),
    ("dispatch: {targets: [{kind: airflo}]}", "line 1: dispatch.targets[0].kind: expected airflow, airflow_asset, azure_ml, command, github, gitlab, http, jenkins, kubeflow, metaflow, mlflow, sagemaker, vertex or webhook, found 'airflo'; did you mean airflow?"),
    ("dispatch: {targets: [{kind: mlflow, url: 'http://a', networks: [10.0.0.0/8]}, {kind: mlflow, url: 'https://b'}]}", "line 1: dispatch.targets[1]: expected each name once, found mlflow"),
    ("topics: {outcomes: driftline.triggers}", "line 1: topics.outcomes: expected another topic than topics.triggers, found driftline.triggers"),
    # Security: no message shows what may be a secret.
    ("kafka: {security: {protocol: SASL_SSL, username: u, password: hunter2}}", f"line 1: kafka.security.password: expected {SECRET}"),
    ("kafka: {security: {protocol: SASL_SSL, username: u}}", "line 1: kafka.security.password: expected a value: SASL_SSL identifies by user name and password"),
    ("kafka: {security: {username: u, password: 'env:P'}}", "line 1: kafka.security.protocol: expected SASL_SSL or SASL_PLAINTEXT with a user name, found PLAINTEXT"),
    ("kafka: {security: {ca_file: ca.pem}}", "line 1: kafka.security.protocol: expected SSL or SASL_SSL with certificate files, found PLAINTEXT"),
    ("kafka: {security: {protocol: SSL, key_file: k.pem}}", "line 1: kafka.security.cert_file: expected the certificate that belongs to key_file"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_a_mistake_is_told_in_these_words(text: str, message: str) -> None:
    """Each row is a file and all that is said about it."""
    with pytest.raises(ConfigurationError) as caught:
        parse(text)
    assert message == str(caught.value)


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        (
            {"DRIFTLINE_HTTP_LISTN": "x"},
            "DRIFTLINE_HTTP_LISTN: expected the name of a key, such as DRIFTLINE_KAFKA_BOOTSTRAP; did you mean DRIFTLINE_HTTP_LISTEN?",
        ),
        ({"DRIFTLINE_STORE_KEEP": "90"}, f"DRIFTLINE_STORE_KEEP: store.keep: expected {DURATION}, found 90"),
        (
            {"DRIFTLINE_EVENTS_LABELS": "a"},
            "DRIFTLINE_EVENTS_LABELS: events.labels: expected a list in the file: variables hold one value",
        ),
        (
            {"DRIFTLINE_KAFKA_SECURITY_PASSWORD": "hunter2"},
            f"DRIFTLINE_KAFKA_SECURITY_PASSWORD: kafka.security.password: expected {SECRET}",
        ),
        (
            {"DRIFTLINE_STORE_PATH": "a\udcff"},
            'DRIFTLINE_STORE_PATH: store.path: expected text without control characters, found "a\\udcff"',
        ),
    ],
)
def test_a_mistake_in_a_variable_names_the_variable(environment: dict[str, str], message: str) -> None:
    """There is no line to point at, so the variable is the place."""
    with pytest.raises(ConfigurationError) as caught:
        parse("", environment)
    assert message == str(caught.value)


def test_all_mistakes_come_at_once_in_the_order_of_the_file() -> None:
    """Syntax of keys, values, contradictions and variables: one run of `check` shows them all."""
    text = "kafka: {bootstap: x}\nstore: {keep: 1}\nmodels:\n  a: {tolerate: 2}\n  a: {}\nlimits: {models: 0}\n"
    with pytest.raises(ConfigurationError) as caught:
        parse(text, {"DRIFTLINE_X": ""})
    places = [(mistake.line, mistake.path) for mistake in caught.value.mistakes]
    expected = [
        (1, "kafka.bootstap"),
        (2, "store.keep"),
        (4, "models.a.tolerate"),
        (5, "models.a"),
        (6, "limits.models"),
        (0, ""),
    ]
    assert expected == places


def test_a_mistake_of_the_defaults_is_told_once() -> None:
    """Models that only inherit it are not blamed."""
    with pytest.raises(ConfigurationError) as caught:
        parse("defaults: {segments: [x, x]}\nmodels: {a: {}, b: {}}")
    expected = (Mistake("defaults.segments[1]", "each name once", "x", line=1),)
    assert expected == caught.value.mistakes


def test_what_could_not_be_read_contradicts_nothing() -> None:
    """An unreadable `windows` says nothing about `keep`, so only the one mistake is told."""
    with pytest.raises(ConfigurationError) as caught:
        parse("store: {keep: 1h}\ndefaults: {windows: [5]}")
    expected = (Mistake("defaults.windows[0]", DURATION, "5", line=2),)
    assert expected == caught.value.mistakes


@pytest.mark.parametrize(
    "password", ["hunter2", "*hunter2", "!hunter2 x", "&a hunter2", '"hunter2', "[hunter2]", "%hunter2"]
)
def test_no_message_shows_a_secret(password: str) -> None:
    """However a password is misread by YAML, it is not repeated."""
    with pytest.raises(ConfigurationError) as caught:
        parse(f"kafka: {{security: {{protocol: SASL_SSL, username: u, password: {password}}}}}")
    assert "hunter2" not in f"{caught.value}{caught.value.mistakes}"


def test_the_command_line_is_named_as_the_place() -> None:
    """Topics and brokers without a file are checked like those of a file."""
    with pytest.raises(ConfigurationError) as caught:
        onboarding(["a b"], "broker")
    expected = (
        f'command line: events.predictions[0]: expected {TOPIC}, found "a b"\n'
        "command line: kafka.bootstrap: expected host:port, or several separated by commas, found broker"
    )
    assert expected == str(caught.value)
