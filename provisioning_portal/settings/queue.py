"""Celery's settings. The queue is the database; what travels through Celery are doorbells that may be lost."""

from typing import Any

from celery.schedules import crontab

from provisioning_portal.settings.environment import Environment

FOLDER_POLLING_SECONDS = 0.1

BASELINE: dict[str, Any] = {
    "accept_content": ["json"],
    "task_serializer": "json",
    "task_ignore_result": True,
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "task_soft_time_limit": 45,
    "task_time_limit": 60,
    "worker_prefetch_multiplier": 1,
    "worker_eta_task_limit": 1000,
    "worker_max_tasks_per_child": 1000,
    "worker_soft_shutdown_timeout": 30.0,
    "worker_enable_remote_control": False,
    "worker_send_task_events": False,
    "worker_hijack_root_logger": False,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "worker_cancel_long_running_tasks_on_connection_loss": True,
}


def queue(environment: Environment) -> dict[str, Any]:
    """Celery's configuration for Redis, or for a folder of messages where no Redis is given."""
    return {
        **BASELINE,
        **(_redis(environment) if environment.redis_url else _folder(environment)),
        "timezone": environment.time_zone,
        "beat_schedule": BEAT_SCHEDULE,
        # In memory: a lost tick is made up by the pollers, so there is nothing worth a file.
        "beat_scheduler": "celery.beat:Scheduler",
    }


def _redis(environment: Environment) -> dict[str, Any]:
    return {
        "broker_url": environment.redis_url,
        "broker_transport_options": {
            "visibility_timeout": 600,
            "socket_timeout": 10,
            "socket_connect_timeout": 2,
            "socket_keepalive": True,
            "health_check_interval": 10,
            # A doorbell is worth one attempt: the poller sees the row anyway, and a request must not wait for Redis.
            "max_retries": 1,
            "interval_start": 0,
            "interval_step": 0,
            "interval_max": 0,
        },
        "task_publish_retry": False,
    }


def _folder(environment: Environment) -> dict[str, Any]:
    folder = environment.data_dir / "broker"
    return {
        "broker_url": "filesystem://localhost",
        "broker_transport": "provisioning_portal.doorbell:Transport",
        "broker_transport_options": {
            "data_folder_in": str(folder),
            "data_folder_out": str(folder),
            "control_folder": str(folder / "control"),
            "polling_interval": FOLDER_POLLING_SECONDS,
        },
    }


# Beat only rings: every task below does what the worker's pollers do as well, so a lost or doubled tick is harmless.
BEAT_SCHEDULE: dict[str, Any] = {
    "drain": {"task": "connectors.tasks.drain", "schedule": 30.0},
    "clock": {"task": "identities.tasks.run_clock", "schedule": crontab(minute="1")},
    "seal": {"task": "identities.tasks.seal", "schedule": 60.0},
}
