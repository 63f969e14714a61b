"""Every formula gives a finite figure inside of its domain, and refuses numbers outside."""

import importlib
import inspect
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.theory import caching, chance, domain

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "harness" / "theory"

# An example inside of the domain, for each formula: arguments by name, or a list of places.
EXAMPLES: dict[str, dict[str, Any] | list[Any]] = {
    "balancing.round_robin_share": {"replicas": 4},
    "balancing.overloaded_success_ratio": {"replicas": 4, "overloaded": 1},
    "balancing.excess_ratio": {"offered_erlangs": 3, "servers": 1},
    "balancing.herd_backlog": {"rate_rps": 100, "capacity_rps": 50, "report_s": 1},
    "balancing.herd_mean_wait_s": {"rate_rps": 80, "capacity_rps": 20, "report_s": 0.4},
    "balancing.herd_mean_wait_sd_s": {
        "rate_rps": 80,
        "capacity_rps": 20,
        "report_s": 0.4,
        "duration_s": 16,
    },
    "balancing.herd_share": {"slice_s": 0.5, "report_s": 1},
    "balancing.choices_top_share": {"replicas": 4, "choices": 2},
    "balancing.choices_mean_response": {"utilisation": 0.9, "choices": 2},
    "balancing.random_max_load": {"bins": 100},
    "balancing.two_choices_max_load": {"bins": 100},
    "blocking.behind_long_work_quantile_s": {
        "quantile": 0.9,
        "long_s": 0.4,
        "every_s": 1,
        "other_share": 0.28,
    },
    "blocking.held_up_ratio": {
        "rate_rps": 60,
        "stall_ratio": 0.02,
        "stall_s": 0.2,
        "beyond_s": 0.05,
    },
    "blocking.held_up_ratio_sd": {
        "rate_rps": 60,
        "stall_ratio": 0.02,
        "stall_s": 0.2,
        "duration_s": 20,
        "beyond_s": 0.05,
    },
    "breakers.probe_period_s": {"open_s": 2, "hang_s": 0.5, "idle_s": 0.1},
    "breakers.leaked_calls_rps": {"callers": 3, "open_s": 2, "hang_s": 0.5, "idle_s": 0.1},
    "breakers.detection_max_s": {"open_s": 2, "hang_s": 0.5},
    "breakers.detection_mean_s": {"open_s": 2, "hang_s": 0.5, "idle_s": 0.1},
    "breakers.detection_sd_s": {"callers": 3, "open_s": 2, "hang_s": 0.5, "idle_s": 0.1},
    "breakers.shard_error_ratio": {"shards": 4, "dead": 1},
    "caching.stampede_calls": {"rate_rps": 100, "recompute_s": 0.2},
    "caching.stampede_calls_sd": {"rate_rps": 100, "recompute_s": 0.2},
    "caching.coalesced_calls": {"rate_rps": 100, "recompute_s": 0.2, "processes": 3},
    "caching.leased_calls_rps": {"lease_s": 10},
    "caching.early_expiry_calls": {"beta": 1, "rate_rps": 100, "recompute_s": 0.2},
    "caching.early_expiry_calls_sd": {"beta": 1},
    "caching.early_expiry_lead_s": {"beta": 1, "rate_rps": 100, "recompute_s": 0.2},
    "caching.early_expiry_miss_probability": {"beta": 1, "rate_rps": 100, "recompute_s": 0.2},
    "caching.ttl_hit_ratio": {"rate_rps": 5, "ttl_s": 2},
    "caching.origin_load_rps": {"rate_rps": 100, "hit_ratio": 0.9},
    "caching.origin_load_factor": {"hit_ratio_before": 0.95, "hit_ratio_after": 0.9},
    "caching.cold_cache_is_vulnerable": {"rate_rps": 100, "hit_ratio": 0.67, "capacity_rps": 40},
    "caching.ttl_misses_sd": {"rate_rps": 5, "ttl_s": 2, "duration_s": 40},
    "caching.lru_hit_ratio": {"popularities": (0.5, 0.3, 0.2), "slots": 2},
    "chance.binomial_share_sd": {"share": 0.3, "trials": 100},
    "chance.binomial_count_sd": {"share": 0.3, "trials": 100},
    "chance.skewed_share_sd": {"share": 0.1, "trials": 40},
    "chance.poisson_count_sd": {"rate_rps": 80, "duration_s": 10},
    "chance.poisson_rate_sd": {"rate_rps": 80, "duration_s": 10},
    "chance.clumped_sd": {"clumps": 10, "mean_size": 3, "size_sd": 2},
    "chance.uniform_sd": {"width": 1},
    "chance.periodic_count_sd": {"window_s": 4.5, "period_s": 2.5, "sources": 3},
    "chance.mean_sd": {"sd": 2, "samples": 8},
    "chance.sum_sd": [3, 4],
    "chance.batch_means_sd": {"values": (1, 2, 3, 4, 5), "batches": 2},
    "chance.two_sided_z": {"confidence": 0.95},
    "chance.highest_z": {"samples": 14},
    "chance.wilson_interval": {"successes": 3, "trials": 10, "z": 2},
    "chance.rule_of_three": {"trials": 300},
    "clocks.lww_lost_ratio": {"skew_s": 2, "spacing_s": 1, "ahead_share": 0.4},
    "clocks.lww_lost_ratio_at_onset": {"from_s": 0.5, "to_s": 3, "skew_s": 2, "spacing_s": 1},
    "clocks.lww_lost_ratio_after_reset": {"from_s": 0.5, "to_s": 3, "skew_s": 2, "spacing_s": 1},
    "clocks.lww_lost_ratio_sd": {"window_s": 9, "keys": 40, "skew_s": 2, "spacing_s": 1},
    "clocks.lww_lost_ratio_after_reset_sd": {
        "from_s": 0.5,
        "to_s": 3,
        "skew_s": 2,
        "spacing_s": 1,
        "keys": 40,
    },
    "clocks.hlc_drift_bound_s": {"max_skew_s": 0.1},
    "clocks.commit_wait_s": {"uncertainty_s": 0.05},
    "contention.lockstep_calls": {"clients": 20},
    "contention.scattered_calls": {"clients": 20, "service_s": 0.15, "pause_s": 0.75},
    "contention.scattered_calls_sd": {"clients": 20, "service_s": 0.15, "pause_s": 0.75},
    "contention.backoff_calls": {
        "clients": 5,
        "service_s": 0.15,
        "base_s": 0.3,
        "cap_s": 1.5,
        "jitter": "full",
        "contests": 3,
    },
    "delivery.outage_requests": {"rate_rps": 80, "duration_s": 10},
    "delivery.staged_requests": {"rate_rps": 80, "hosts": 4, "stage_hosts": 1, "detect_s": 1},
    "delivery.blast_radius": {"cells": 4, "reached": 1},
    "delivery.trial_failures": {"hosts": 4, "trial_errors": 5},
    "delivery.poll_delay_mean_s": {"period_s": 1},
    "delivery.slowest_poll_mean_s": {"period_s": 1, "pollers": 4},
    "delivery.detection_probability": {"failure_ratio": 0.01, "requests": 100},
    "delivery.canary_power": {"base_ratio": 0.01, "canary_ratio": 0.02, "requests": 1000},
    "delivery.canary_requests": {"base_ratio": 0.01, "canary_ratio": 0.02, "power": 0.8},
    "routing.name_failover_s": {"moved_after_s": 3, "ttl_s": 10, "gap_s": 3},
    "routing.name_failover_sd_s": {"ttl_s": 10, "gap_s": 3, "users": 48},
    "runs.trials_until_run": {"in_a_row": 3, "failure_ratio": 0.5},
    "runs.trials_until_run_sd": {"in_a_row": 3, "failure_ratio": 0.5},
    "percolation.reached_share": {"mean_degree": 2, "nodes": 500, "isolated_share": 0.1},
    "percolation.reached_share_sd": {
        "mean_degree": 2,
        "nodes": 500,
        "failures": 250,
        "isolated_share": 0.1,
    },
    "reconnects.served_at_once": {"clients": 64, "capacity_rps": 20, "patience_s": 1},
    "reconnects.locked_out_from": {"capacity_rps": 20, "patience_s": 1, "pause_s": 0.5},
    "reconnects.spread_back_share": {"window_s": 7, "down_s": 1, "after_s": 3},
    "replication.quorum_miss_probability": {"members": 5, "write_quorum": 2, "read_quorum": 2},
    "replication.stale_read_probability": {
        "members": 3,
        "write_quorum": 1,
        "read_quorum": 1,
        "age_s": 0.1,
        "mean_delay_s": 0.1,
    },
    "replication.majority": {"members": 3},
    "replication.quorum_availability": {"members": 3, "down_probability": 0.1, "quorum": 2},
    "replication.largest_side_share": {"members": 3, "cut_off": 1},
    "replication.unreplicated_writes": {"rate_rps": 60, "delay_s": 0.1},
    "replication.failover_lost_writes": {
        "rate_rps": 60,
        "delay_s": 0.1,
        "minority_rate_rps": 20,
        "overlap_s": 8,
    },
    "replication.failover_lost_writes_sd": {
        "rate_rps": 60,
        "copy_period_s": 0.2,
        "minority_rate_rps": 20,
    },
    "replication.lease_left_s": {"lease_s": 1.5, "copy_period_s": 0.2},
    "retries.retry_amplification": {"retries": 3, "failure_ratio": 0.5},
    "retries.layered_retry_amplification": {
        "tries": 3,
        "layers": 3,
        "failure_ratio": 0.5,
        "budget": 0.1,
    },
    "retries.layered_failure_ratio": {"tries": 3, "layers": 3, "failure_ratio": 0.5, "budget": 0.1},
    "retries.layered_retry_calls_sd": {"tries": 3, "layers": 3, "failure_ratio": 0.5},
    "retries.retry_budget_amplification": {"budget": 0.1},
    "retries.storm_load_rps": {"rate_rps": 70, "retries": 3},
    "retries.vulnerable_from_rps": {"capacity_rps": 100, "amplification": 4},
    "retries.stability": {"rate_rps": 70, "capacity_rps": 100, "amplification": 4},
    "retries.fatal_stall_bracket_s": {"rate_rps": 70, "capacity_rps": 100, "timeout_s": 1},
    "retries.drain_time_s": {
        "rate_rps": 70,
        "capacity_rps": 100,
        "stall_s": 3,
        "patience_s": 0.46,
        "retry_ratio": 0.1,
        "extra_calls": 10,
    },
    "retries.drain_time_sd_s": {
        "rate_rps": 70,
        "capacity_rps": 100,
        "stall_s": 3,
        "drain_s": 5,
        "retry_ratio": 0.1,
    },
    "retries.backoff_bound_s": {"retry": 3, "base_s": 0.1, "cap_s": 10},
    "retries.serial_attempts_rps": {"clients": 20, "attempt_s": 0.1, "pause_s": 0.4},
    "alerting.burn_rate": {"budget_share": 0.02, "window_s": 3600, "period_s": 2_592_000},
    "alerting.burn_alert_delay_s": {
        "burn_rate_limit": 14.4,
        "window_s": 3600,
        "slo": 0.999,
        "error_ratio": 1,
    },
    "alerting.alert_precision": {"prevalence": 0.01, "sensitivity": 0.9, "specificity": 0.9},
    "availability.series_availability": [0.9, 0.8],
    "availability.parallel_availability": [0.9, 0.8],
    "availability.joint_failure_probability": {"failure_ratio": 0.1, "correlation": 0.3},
    "availability.failure_correlation": {"failure_ratio": 0.1, "joint_ratio": 0.037},
    "availability.shared_cause_failure_ratio": {
        "own_ratio": 0.1,
        "shared_ratio": 0.2,
        "replicas": 3,
    },
    "availability.steady_availability": {"mtbf_s": 4, "mttr_s": 1},
    "availability.steady_availability_sd": {"mtbf_s": 4, "mttr_s": 1, "duration_s": 40},
    "availability.alternating_share_sd": {
        "up_mean_s": 4,
        "up_sd_s": 2,
        "down_mean_s": 1,
        "down_sd_s": 1,
        "duration_s": 40,
    },
    "availability.outlasting_outage_ratio": {"mtbf_s": 2, "mttr_s": 0.2, "wait_s": 0.2},
    "availability.crewed_availability": {
        "stages": 5,
        "copies": 2,
        "crews": 1,
        "mtbf_s": 1,
        "mttr_s": 0.2,
    },
    "availability.spare_instances": {"instances": 4, "rate_rps": 16, "capacity_rps": 10},
    "availability.error_budget_s": {"slo": 0.999, "period_s": 2_592_000},
    "availability.expired_connection_ratio": {"elapsed_s": 5, "mean_life_s": 5},
    "cascades.giant_component_share": {"mean_degree": 2},
    "cascades.random_removal_limit": {"mean_degree": 4},
    "cascades.cascade_mean_size": {"reproduction": 0.5},
    "cascades.cascade_size_sd": {"reproduction": 0.5},
    "cascades.power_law_exponent": {"sizes": (1, 2, 4), "smallest": 1},
    "cascades.power_law_exponent_sd": {"exponent": 1.5, "samples": 100},
    "consensus.raft_election_mean_s": {
        "timeout_s": 0.15,
        "waiting": 4,
        "one_way_s": 0.005,
        "write_s": 0.001,
    },
    "consensus.raft_split_vote_probability": {"members": 5, "waiting": 4, "latency_share": 0.1},
    "consensus.failover_availability": {"mtbf_s": 1000, "election_s": 0.2},
    "consensus.unfenced_write_probability": {"lease_left_s": 1, "mean_pause_s": 1},
    "economics.edge_mean_latency_s": {"hit_ratio": 0.9, "edge_s": 0.01, "origin_s": 0.12},
    "economics.edge_quantile_s": {
        "quantile": 0.99,
        "hit_ratio": 0.9,
        "edge_s": 0.01,
        "origin_s": 0.12,
    },
    "economics.cold_start_ratio": {"rate_rps": 2, "keep_alive_s": 1},
    "feedback.gain_limit": {"lag_looks": 3, "averaged": 6},
    "feedback.swing_period_looks": {"gain": 1, "lag_looks": 3, "averaged": 2},
    "feedback.calm_gain": {"lag_looks": 3},
    "hashing.ring_share_relative_sd": {"nodes": 10, "virtual_nodes": 100},
    "hashing.ring_moved_ratio": {"nodes": 10},
    "hashing.modulo_moved_ratio": {"nodes": 10},
    "hashing.hashed_count_sd": {"keys": 1000, "nodes": 10},
    "hashing.bounded_load_limit": {"keys": 1000, "nodes": 10, "epsilon": 0.25},
    "hashing.shuffle_shards": {"workers": 8, "shard_workers": 2},
    "hashing.shuffle_overlap_probability": {"workers": 8, "shard_workers": 2, "shared": 1},
    "hashing.shuffle_lost_ratio": {"workers": 8, "shard_workers": 2, "tries": 2},
    "hashing.zipf_share": {"rank": 1, "keys": 1000, "exponent": 1},
    "hashing.hot_partition_limit_rps": {"capacity_rps": 30, "share": 0.134},
    "loss.erlang_b": {"servers": 10, "offered_erlangs": 10},
    "loss.reserved_loss_ratio": {
        "rates_rps": (36, 44),
        "limits": (36, 11),
        "servers": 6,
        "service_s": 0.15,
    },
    "loss.reserved_loss_sd": {
        "rates_rps": (36, 44),
        "limits": (36, 11),
        "servers": 6,
        "service_s": 0.15,
        "duration_s": 14,
    },
    "loss.capped_loss_ratio": {"slots": 10, "cap": 7, "offered_erlangs": (6, 1)},
    "loss.capped_loss_sd": {
        "slots": 10,
        "cap": 7,
        "rates_rps": (30, 10),
        "services_s": (0.2, 0.1),
        "duration_s": 12,
    },
    "loss.erlang_b_sd": {"servers": 10, "offered_erlangs": 10, "calls": 300},
    "loss.mm1k_loss_ratio": {"rate_rps": 120, "capacity_rps": 100, "places": 10},
    "loss.bounded_wait_s": {"queue_limit": 10, "capacity_rps": 100},
    "loss.slow_client_rate_rps": {"workers": 50, "hold_s": 30},
    "loss.slow_client_loss_ratio": {
        "workers": 50,
        "offered_erlangs": 2,
        "slow_rate_rps": 2,
        "hold_s": 30,
    },
    "membership.gossip_rounds": {"nodes": 32},
    "membership.rumour_residue": {"interest": 2},
    "membership.probes_detection_s": {"period_s": 0.4, "bad_probes": 2},
    "membership.phi_normal": {"elapsed_s": 1.2, "mean_s": 1, "sd_s": 0.1},
    "membership.phi_normal_delay_s": {"phi": 8, "mean_s": 1, "sd_s": 0.1},
    "membership.phi_exponential_delay_s": {"phi": 8, "mean_s": 1},
    "messaging.deliveries_per_message": {"ack_loss_ratio": 0.2},
    "messaging.duplicates_per_message": {"ack_loss_ratio": 0.2},
    "messaging.double_effect_probability": {"key_ttl_s": 1, "mean_retry_delay_s": 0.5},
    "messaging.blocked_transactions": {"rate_rps": 50, "touch_ratio": 0.1, "stall_s": 3},
    "messaging.saga_failure_probability": {"step_failure_ratio": 0.1, "steps": 3},
    "messaging.saga_compensations": {"step_failure_ratio": 0.1, "steps": 3},
    "messaging.poison_blocked_s": {"consumers": 2, "deliveries": 2, "restart_s": 1},
    "networks.rtt_floor_s": {"distance_km": 5570},
    "networks.great_circle_km": {
        "latitude": 40.7,
        "longitude": -74,
        "other_latitude": 51.5,
        "other_longitude": -0.1,
    },
    "networks.round_trips_s": {"round_trips": 3, "rtt_s": 0.05},
    "networks.transfer_s": {"size_mb": 0.5, "rate_mb_s": 0.25, "rtt_s": 0.05},
    "networks.compression_pays_below_mb_s": {
        "size_mb": 0.5,
        "left_ratio": 0.2,
        "cpu_s": 0.1,
    },
    "networks.delayed_ack_calls_rps": {"delay_s": 0.04},
    "networks.amplification_factor": {"request_bytes": 15, "response_bytes": 1400},
    "overload.fifo_collapse_s": {"rate_rps": 150, "capacity_rps": 100, "timeout_s": 2},
    "overload.expired_dropped_in_time_ratio": {"rate_rps": 150, "capacity_rps": 100},
    "overload.expired_dropped_in_time_sd": {"rate_rps": 150, "capacity_rps": 100, "started": 300},
    "overload.time_left_quantile_s": {"quantile": 0.5, "rate_rps": 150, "capacity_rps": 100},
    "overload.newest_first_wait_quantile_s": {
        "quantile": 0.5,
        "rate_rps": 150,
        "capacity_rps": 100,
    },
    "overload.backlog": {"rate_rps": 120, "capacity_rps": 80, "duration_s": 8},
    "overload.shed_ratio": {"rate_rps": 200, "capacity_rps": 150},
    "overload.fluid_backlogs": {"loads": (3, 5, 1), "capacities": (4, 4, 4)},
    "overload.priority_success_ratios": {"rates_rps": (120, 80), "capacity_rps": 150},
    "overload.costly_refusals_served_rps": {
        "rate_rps": 80,
        "capacity_rps": 40,
        "refusal_cost": 0.25,
    },
    "overload.costly_refusals_served_sd_rps": {
        "rate_rps": 80,
        "capacity_rps": 40,
        "refusal_cost": 0.25,
        "duration_s": 14,
    },
    "overload.adaptive_throttle_ratio": {"requests": 300, "accepts": 100, "multiplier": 2},
    "overload.adaptive_throttle_backend_rps": {
        "rate_rps": 300,
        "capacity_rps": 100,
        "multiplier": 2,
    },
    "overload.codel_drop_gap_s": {"interval_s": 0.1, "drops": 4},
    "overload.token_bucket_admitted": {
        "rate_rps": 150,
        "refill_rps": 100,
        "burst": 100,
        "duration_s": 30,
    },
    "overload.token_bucket_reject_ratio": {
        "rate_rps": 150,
        "refill_rps": 100,
        "burst": 100,
        "duration_s": 30,
    },
    "overload.credit_window_rps": {"window": 20, "round_trip_s": 0.2},
    "overload.reconnect_peak_rps": {"clients": 1000, "window_s": 10},
    "pools.shared_capacity_rps": {
        "connections": 64,
        "cores": 8,
        "service_s": 0.08,
        "overhead": 0.04,
    },
    "pools.pool_drain_s": {
        "rate_rps": 16,
        "connections": 12,
        "cores": 8,
        "service_s": 0.16,
        "overhead": 0.05,
        "waiting": 64,
        "patience_s": 1,
    },
    "pools.largest_pool": {"rate_rps": 40, "cores": 8, "service_s": 0.08, "overhead": 0.04},
    "purges.purge_fills": {"rates_rps": (5, 0.5, 0.1), "window_s": 4},
    "purges.purge_fills_sd": {"rates_rps": (5, 0.5, 0.1), "window_s": 4},
    "purges.stampede_success_ratio": {
        "rates_rps": (5, 0.5, 0.1),
        "fetch_s": 0.3,
        "capacity_rps": 4,
        "patience_s": 1,
        "window_s": 4,
    },
    "push.long_poll_rps": {"clients": 160, "wait_s": 8, "news_rps": 8},
    "queues.utilisation": {"rate_rps": 70, "service_s": 0.04, "servers": 4, "overrun_s": 0.001},
    "queues.littles_law_number": {"rate_rps": 50, "time_s": 0.1},
    "queues.mm1_mean_response_s": {"rate_rps": 80, "capacity_rps": 100},
    "queues.mm1_response_quantile_s": {"quantile": 0.99, "rate_rps": 80, "capacity_rps": 100},
    "queues.mm1_mean_number": {"rate_rps": 80, "capacity_rps": 100},
    "queues.mm1_mean_number_sd": {"rate_rps": 80, "capacity_rps": 100, "duration_s": 30},
    "queues.erlang_c": {"servers": 5, "offered_erlangs": 2.5},
    "queues.mmc_mean_wait_s": {"rate_rps": 80, "service_s": 0.04, "servers": 4},
    "queues.pollaczek_khinchine_wait_s": {"rate_rps": 70, "service_s": 0.01, "service_cv2": 1},
    "queues.mg1_mean_wait_sd_s": {
        "rate_rps": 0.5,
        "service_moments": (1, 2, 6, 24),
        "arrivals": 100,
    },
    "queues.mmc_mean_wait_sd_s": {
        "rate_rps": 80,
        "service_s": 0.04,
        "servers": 4,
        "arrivals": 1000,
    },
    "queues.mmc_waiting_share_sd": {
        "rate_rps": 80,
        "service_s": 0.04,
        "servers": 4,
        "arrivals": 1000,
    },
    "queues.md1_wait_ratio": {"rate_rps": 7.5, "service_s": 0.09, "wait_s": 0.02},
    "queues.lindley_waits_s": {"gaps_s": (1, 2), "services_s": (1, 2, 3)},
    "queues.closed_throughput_rps": {"users": 10, "think_s": 0.09, "service_s": 0.01},
    "queues.closed_mean_response_s": {"users": 10, "think_s": 0.09, "service_s": 0.01},
    "scaling.usl_throughput_rps": {
        "workers": 10,
        "contention": 0.05,
        "coherence": 0.002,
        "single_rps": 1,
    },
    "scaling.usl_peak_workers": {"contention": 0.05, "coherence": 0.002},
    "scaling.usl_peak_sd": {
        "worker_counts": (1, 2, 4),
        "contention": 0.05,
        "coherence": 0.01,
        "error_ratio": 0.01,
    },
    "scaling.usl_fit": {"worker_counts": (1, 2, 4), "throughputs_rps": (1, 1.9, 3.4)},
    "scaling.autoscaling_drain_s": {
        "rate_rps": 120,
        "capacity_rps": 80,
        "lag_s": 8,
        "scaled_rps": 200,
    },
    "scaling.failover_utilisation_limit": {"regions": 2, "boot_s": 5, "patience_s": 0.8},
    "scaling.tracking_rounds": {"machines": 3, "needed": 8, "target": 0.7},
    "scaling.tracked_machines": {
        "loads_erlangs": (2, 6, 6, 6),
        "machines": 3,
        "most": 12,
        "target": 0.7,
        "boot_looks": 1,
    },
    "scaling.batch_wait_mean_s": {"rate_rps": 100, "size": 10},
    "scaling.batch_capacity_rps": {"size": 10, "fixed_s": 0.008, "item_s": 0.001},
    "scaling.mesh_links": {"nodes": 13},
    "scaling.mesh_limit_nodes": {"links_per_node": 12},
    "roads.pigou_selfish_s": {"rate_rps": 40, "per_rps_s": 0.01, "other_s": 0.4},
    "roads.pigou_best_s": {"rate_rps": 40, "per_rps_s": 0.01, "other_s": 0.4},
    "roads.pigou_toll_s": {"rate_rps": 40, "per_rps_s": 0.01, "other_s": 0.4},
    "roads.braess_apart_s": {"rate_rps": 40, "per_rps_s": 0.01, "other_s": 0.4},
    "roads.braess_joined_s": {"rate_rps": 40, "per_rps_s": 0.01, "other_s": 0.4},
    "stock.sold_apart": {"left": 26, "rates_rps": (5, 2, 1), "span_s": 10},
    "stock.sold_from_shares": {"shares": (10, 10, 6), "rates_rps": (5, 2, 1), "span_s": 10},
    "spikes.spike_worst_wait_s": {"rate_rps": 120, "capacity_rps": 80, "lag_s": 8},
    "spikes.spike_capacity_needed_rps": {"rate_rps": 120, "lag_s": 8, "patience_s": 2},
    "spikes.spike_late_requests": {
        "rate_rps": 120,
        "capacity_rps": 80,
        "lag_s": 8,
        "scaled_rps": 200,
        "patience_s": 1,
    },
    "storage.replayed_events": {"snapshot_every": 100},
    "storage.young_interval_s": {"snapshot_s": 0.5, "mtbf_s": 100},
    "storage.bloom_false_positive_ratio": {"bits_per_key": 10, "hashes": 7},
    "storage.absent_key_probes": {"runs": 5, "false_positive_ratio": 0.0082},
    "storage.backup_loss_mean_s": {"interval_s": 5, "lag_s": 1},
    "storage.restore_s": {"size_mb": 10, "rate_mb_s": 2, "replay_s": 1},
    "tails.fanout_slow_ratio": {"slow_ratio": 0.01, "leaves": 100},
    "tails.leaf_quantile": {"root_quantile": 0.99, "leaves": 100},
    "tails.hedge_extra_ratio": {"hedge_quantile": 0.95},
    "tails.hedged_slow_ratio": {"slow_ratio": 0.05, "slow_ratio_of_hedge": 0.2},
    "tails.two_speed_slow_ratio": {
        "after_s": 0.2,
        "mean_s": 0.04,
        "slow_mean_s": 0.8,
        "slow_ratio": 0.05,
    },
    "tails.two_speed_quantile_s": {
        "quantile": 0.95,
        "mean_s": 0.04,
        "slow_mean_s": 0.8,
        "slow_ratio": 0.05,
    },
    "tails.hedged_quantile_s": {
        "quantile": 0.99,
        "hedge_s": 0.2,
        "mean_s": 0.04,
        "slow_mean_s": 0.8,
        "slow_ratio": 0.05,
    },
    "tails.duplicated_mean_response_s": {"rate_rps": 20, "capacity_rps": 100},
    "tails.orphaned_work_s": {"hops": 3, "timeout_s": 0.5},
    "trips.held_capacity_rps": {
        "connections": 3,
        "round_trips": 11,
        "rtt_s": 0.06,
        "work_s": 0.128,
    },
    "trips.screen_s": {"requests": 12, "connections": 6, "rtt_s": 0.2, "sent_s": 0.09},
}


LEAST = {
    **dict.fromkeys(("dead", "overloaded", "reached", "cut_off", "shared", "stage_hosts"), 0),
    **dict.fromkeys(("hosts", "trial_errors", "requests", "successes", "keys", "retries"), 0),
    **dict.fromkeys(("hops", "queue_limit", "deliveries", "round_trips", "response_bytes"), 0),
    **dict.fromkeys(("runs", "links_per_node"), 0),
}
"""The least whole number of each argument where it is not 1."""

LEAST_OF = {
    "scaling.tracked_machines most": 3,  # as many as there are at first
    "scaling.tracked_machines boot_looks": 0,
    "pools.pool_drain_s waiting": 0,
    "trips.screen_s requests": 1,
    **dict.fromkeys(("balancing.random_max_load", "balancing.two_choices_max_load"), 16),
    "chance.rule_of_three": 30,
    "chance.batch_means_sd": 2,
    "membership.gossip_rounds": 2,
    **dict.fromkeys(("clocks.lww_lost_ratio_sd", "clocks.lww_lost_ratio_after_reset_sd"), 1),
    "delivery.staged_requests hosts": 1,
    "delivery.canary_power": 1,
    "hashing.zipf_share": 1,
    "consensus.raft_split_vote_probability members": 2,
}
"""The same for one formula, or one argument of it, where it is another."""

SIGNED = {"latitude", "longitude", "other_latitude", "other_longitude"}
"""What may be negative."""


def formulas() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Find every public function of every module but the checks of the domains."""
    for path in sorted(FOLDER.glob("*.py")):
        if path.stem not in {"__init__", "domain"}:
            module = importlib.import_module(f"harness.theory.{path.stem}")
            for name, value in vars(module).items():
                public = inspect.isfunction(value) and not name.startswith("_")
                if public and value.__module__ == module.__name__:
                    yield f"{path.stem}.{name}", value


FORMULAS = dict(formulas())


def called(name: str, **changed: object) -> object:
    example = EXAMPLES[name]
    if isinstance(example, list):
        return FORMULAS[name](*example, **changed)
    return FORMULAS[name](**{**example, **changed})


def numbers(name: str) -> list[str]:
    """List the arguments of a formula that are numbers."""
    example = EXAMPLES[name]
    pairs = example.items() if isinstance(example, dict) else ()
    return [argument for argument, value in pairs if isinstance(value, int | float)]


def test_every_formula_has_an_example() -> None:
    """Else a formula could escape the tests below."""
    assert set(EXAMPLES) == set(FORMULAS)
    assert len(FORMULAS) > 60


@pytest.mark.parametrize("name", list(FORMULAS))
def test_a_formula_gives_finite_figures_in_its_domain(name: str) -> None:
    """Or the name of a state; never NaN."""
    figure = called(name)
    figures = figure if isinstance(figure, tuple | list) else (figure,)
    assert all(isinstance(one, str) or math.isfinite(one) for one in figures)


@pytest.mark.parametrize("name", list(FORMULAS))
def test_a_formula_refuses_what_is_no_number_or_negative(name: str) -> None:
    """In one line that begins with the argument's own name; degrees may be negative."""
    for argument in numbers(name):
        negative = (-1000.0,) if argument in SIGNED else (-1.0, -1e-9)
        for wrong in (math.nan, math.inf, -math.inf, *negative):
            with pytest.raises(ValueError, match=rf"^{argument}\b[^\n]*$"):
                called(name, **{argument: wrong})


def counts() -> list[tuple[str, str, int]]:
    """List every argument that is a whole number, with its formula and its least value."""
    found = []
    for name, formula in FORMULAS.items():
        for argument, parameter in inspect.signature(formula).parameters.items():
            if parameter.annotation in {int, int | None}:
                least = LEAST_OF.get(name, LEAST.get(argument, 1))
                found.append((name, argument, LEAST_OF.get(f"{name} {argument}", least)))
    return found


def complaint(name: str, **changed: object) -> str:
    """Collect what a formula says of its arguments, nothing when it takes them."""
    try:
        called(name, **changed)
    except ValueError as error:
        return str(error)
    return ""


def test_counts_start_where_they_say() -> None:
    """The least is inside, though other arguments may have to fit it; one less is not."""
    assert len(counts()) > 70
    for name, argument, least in counts():
        outside = complaint(name, **{argument: least - 1})
        assert outside.startswith(f"{argument} must be a whole number of at least {least}, not ")
        assert "a whole number" not in complaint(name, **{argument: least})


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -1])
def test_values_in_sequences_are_checked_too(wrong: float) -> None:
    """One among them is enough."""
    with pytest.raises(ValueError, match=r"^sds must be"):
        chance.sum_sd(1, wrong)
    with pytest.raises(ValueError, match=r"^values must be a finite number"):
        chance.batch_means_sd([1, 2, math.nan], batches=2)
    with pytest.raises(ValueError, match=r"^popularities must be"):
        caching.lru_hit_ratio([0.5, 0.5, wrong], slots=1)


@pytest.mark.parametrize("name", list(FORMULAS))
def test_a_formula_documents_its_errors_and_its_arguments(name: str) -> None:
    """Arguments are given by name, unless there is but one or they are alike."""
    formula = FORMULAS[name]
    text = inspect.getdoc(formula) or ""
    assert "Raises:\n    ValueError: " in text
    parameters = list(inspect.signature(formula).parameters.values())
    free = [one for one in parameters if one.kind is not inspect.Parameter.KEYWORD_ONLY]
    assert len(free) <= 1
    assert all(re.fullmatch(r"[a-z][a-z_]*2?", one.name) for one in parameters)


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (domain.positive, (1e-300, 1, 1e300), (0, -1)),
        (domain.not_negative, (0, 1e300), (-1e-300,)),
        (domain.finite, (-1e300, 0), ()),
        (domain.share, (0, 0.5, 1), (-0.001, 1.001)),
        (domain.inner_share, (0.001, 0.999), (0, 1)),
    ],
)
def test_a_domain_holds_what_it_says(
    check: Callable[..., None], good: tuple[float, ...], bad: tuple[float, ...]
) -> None:
    """Edges in or out as named; NaN and infinities are outside of all."""
    for value in good:
        check(figure=value)
    for value in (*bad, math.nan, math.inf, -math.inf):
        with pytest.raises(ValueError, match=r"^figure must be .*, not "):
            check(figure=value)


@pytest.mark.parametrize("bad", [1, -3, 2.5, 2.0, True, math.nan, math.inf])
def test_a_count_is_a_whole_number(bad: float) -> None:
    """A float is refused even if it is whole: a count that was computed must be rounded by will."""
    domain.count(2, figures=2, others=10)
    with pytest.raises(ValueError, match=r"^figures must be a whole number of at least 2, not "):
        domain.count(2, figures=bad)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "changed", "figure"),
    [
        (
            "alerting.burn_alert_delay_s",
            {"error_ratio": 0.5, "slo": 0.5, "burn_rate_limit": 1},
            3600,
        ),
        ("balancing.herd_share", {"slice_s": 1}, 0.75),
        ("breakers.shard_error_ratio", {"dead": 4}, 1),
        ("cascades.random_removal_limit", {"mean_degree": 1}, 0),
        ("chance.wilson_interval", {"successes": 0}, (0, 4 / 14)),
        ("delivery.blast_radius", {"reached": 4}, 1),
        ("delivery.staged_requests", {"stage_hosts": 4}, 80),
        ("hashing.zipf_share", {"keys": 1}, 1),
        ("networks.great_circle_km", {"latitude": 90, "other_latitude": -90}, math.pi * 6371),
        ("overload.adaptive_throttle_backend_rps", {"multiplier": 1}, 100),
        ("overload.reconnect_peak_rps", {"window_s": 1}, 1000 + 3 * math.sqrt(1000)),
        ("replication.largest_side_share", {"cut_off": 3}, 1),
        ("replication.quorum_availability", {"quorum": 3}, 0.729),
        ("retries.fatal_stall_bracket_s", {"rate_rps": 50}, (1, 1.5)),
        ("retries.vulnerable_from_rps", {"amplification": 1}, 100),
    ],
)
def test_the_edge_of_a_domain_is_inside(name: str, changed: dict[str, Any], figure: object) -> None:
    """Where the docstring says "at most", "at least" or "from ... to"."""
    assert called(name, **changed) == pytest.approx(figure)


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("clocks.lww_lost_ratio_after_reset", {"to_s": 0.5}),
        ("clocks.lww_lost_ratio_sd", {"window_s": 2}),
        ("loss.mm1k_loss_ratio", {"capacity_rps": 0}),
        ("feedback.swing_period_looks", {"gain": 0.5}),
        ("overload.fifo_collapse_s", {"rate_rps": 100}),
        ("overload.expired_dropped_in_time_ratio", {"rate_rps": 100}),
        ("overload.newest_first_wait_quantile_s", {"rate_rps": 100}),
        ("queues.mm1_mean_number", {"rate_rps": 100}),
        ("replication.lease_left_s", {"lease_s": 0.2}),
        ("retries.drain_time_sd_s", {"capacity_rps": 77}),
        ("retries.fatal_stall_bracket_s", {"rate_rps": 100}),
        ("tails.duplicated_mean_response_s", {"rate_rps": 50}),
    ],
)
def test_the_edge_of_a_domain_is_outside(name: str, changed: dict[str, Any]) -> None:
    """Where the docstring says "above" or "below"."""
    assert "must" in complaint(name, **changed)


NOT_SCALED = {
    "networks.rtt_floor_s",  # the speed of light
    "overload.reconnect_peak_rps",  # counts of one second vary, whatever the unit
    "networks.transfer_s",  # megabytes a second
    "networks.compression_pays_below_mb_s",  # megabytes a second
    "storage.restore_s",  # megabytes a second
    "roads.pigou_selfish_s",  # seconds for each car a second
    "roads.pigou_best_s",  # seconds for each car a second
    "roads.pigou_toll_s",  # seconds for each car a second
    "roads.braess_apart_s",  # seconds for each car a second
    "roads.braess_joined_s",  # seconds for each car a second
}
"""Formulas that hold a constant with a unit, or whose figure is of one second."""


def in_other_unit(argument: str, value: Any) -> Any:
    """Write an argument in half seconds."""
    if argument.endswith("_s"):
        return tuple(2 * one for one in value) if isinstance(value, tuple) else 2 * value
    if argument.endswith("_rps"):
        return tuple(one / 2 for one in value) if isinstance(value, tuple) else value / 2
    if argument.endswith("_moments"):
        return tuple(2**power * one for power, one in enumerate(value, 1))
    return value


@pytest.mark.parametrize("name", sorted(set(FORMULAS) - NOT_SCALED))
def test_a_figure_does_not_depend_on_the_unit_of_time(name: str) -> None:
    """A time comes out twice as long in half seconds, a rate half as high, all else the same."""
    example = EXAMPLES[name]
    other = example
    if isinstance(example, dict):
        other = {argument: in_other_unit(argument, value) for argument, value in example.items()}
    factor = 1.0
    if name.endswith("_s"):
        factor = 2
    elif name.endswith("_rps") or name == "chance.poisson_rate_sd":
        factor = 1 / 2
    figure, again = (
        FORMULAS[name](*one) if isinstance(one, list) else FORMULAS[name](**one)
        for one in (example, other)
    )
    if isinstance(figure, str):
        assert figure == again
    elif isinstance(figure, tuple | list):
        assert list(again) == pytest.approx([factor * one for one in figure])
    else:
        assert again == pytest.approx(factor * figure)
