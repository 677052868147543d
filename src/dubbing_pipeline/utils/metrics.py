"""Numbers of one process, in a registry of their own; ``/metrics`` shows them."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

LATENCY_BUCKETS_S = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.6, 1, 5, 30, 120, 600)


class QueueMetrics:
    """What the queue counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.level = Gauge("dp_queue_level", "Level of dispatch, 1 or 2.", registry=self.registry)
        self.switches = Counter(
            "dp_queue_switch", "Level switches.", ["to"], registry=self.registry
        )
        self.outbox_pending = Gauge(
            "dp_outbox_pending", "Hints that still have to be sent.", registry=self.registry
        )
        self.fenced = Counter(
            "dp_fenced", "Late writes of lost leases, refused.", registry=self.registry
        )
        self.reaped = Counter(
            "dp_reaped", "Jobs taken back from dead workers.", registry=self.registry
        )
        self.rehinted = Counter(
            "dp_hints_rehinted", "Hints sent again after Redis lost them.", registry=self.registry
        )
        self.lease_margin_s = Gauge(
            "dp_lease_margin_seconds",
            "Least time a lease had left when it was renewed; shrinking is an early warning.",
            registry=self.registry,
        )
        self.claim_latency_s = Histogram(
            "dp_claim_latency_seconds",
            "Time from the job being ready to its claim.",
            buckets=LATENCY_BUCKETS_S,
            registry=self.registry,
        )

    def counters(self) -> dict[str, float]:
        """Give the counts that ``dub queue status`` adds up over processes."""
        return {
            "fenced": _value(self.fenced),
            "reaped": _value(self.reaped),
            "rehinted": _value(self.rehinted),
        }

    def exposition(self) -> bytes:
        """Write all numbers in Prometheus's text format."""
        return generate_latest(self.registry)


def _value(counter: Counter) -> float:
    samples = [sample for family in counter.collect() for sample in family.samples]
    return next((sample.value for sample in samples if sample.name.endswith("_total")), 0.0)
