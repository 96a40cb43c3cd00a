"""The Kafka clients: reading by position, questions about topics, and what goes wrong with either.

- How they are reached, and who belongs to a group: connect, membership; quiet (their loggers).
- Reading: reader, fetched, parsed, tail, once; silence.
- Topics: topics, configs, questions, worth. What goes wrong: problems, and the client's defects.
"""

from stream.broker.configs import MESSAGE_BYTES as MESSAGE_BYTES
from stream.broker.configs import PARTIAL_BYTES as PARTIAL_BYTES
from stream.broker.configs import POLICY as POLICY
from stream.broker.configs import RETENTION as RETENTION
from stream.broker.configs import configs as configs
from stream.broker.connect import arguments as arguments
from stream.broker.fetched import Fetched as Fetched
from stream.broker.fetched import Gap as Gap
from stream.broker.membership import Membership as Membership
from stream.broker.once import Headed as Headed
from stream.broker.once import headed as headed
from stream.broker.problems import BrokerFailed as BrokerFailed
from stream.broker.problems import ConnectionProblem as ConnectionProblem
from stream.broker.problems import TopicReplaced as TopicReplaced
from stream.broker.questions import Bounds as Bounds
from stream.broker.questions import Found as Found
from stream.broker.questions import Partition as Partition
from stream.broker.questions import Questions as Questions
from stream.broker.quiet import quieten as quieten
from stream.broker.reader import Reader as Reader
from stream.broker.tail import last_record as last_record
from stream.broker.topics import offer_topics as offer_topics
from stream.broker.topics import wait_for_topics as wait_for_topics
