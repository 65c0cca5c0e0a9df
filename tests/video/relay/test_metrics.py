"""What a Prometheus server reads of a relay."""

from __future__ import annotations

import asyncio
import multiprocessing
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

from tests.browser.service import free_port
from tests.video.relay.hall import hall
from video.relay import metrics, seams
from video.relay.metrics import Clockwork, Figures


async def scraped() -> dict[str, float]:
    port = free_port()
    async with hall() as made:
        metrics.serve(port, Figures(made.engine, Clockwork()))
        await made.publish("anna")
        bela = await made.receive("bela", "anna")
        gone = await made.receive("cleo", "anna")
        await made.until(lambda: len(bela.arrived) > 20 and len(gone.arrived) > 20)
        await made.engine.remove("room", "cleo")
        answer = await asyncio.to_thread(urllib.request.urlopen, f"http://127.0.0.1:{port}/metrics")
        families = text_string_to_metric_families(answer.read().decode())
        return {sample.name: sample.value for family in families for sample in family.samples}


def run() -> dict[str, float]:
    seams.install(["127.0.0.1"])
    return asyncio.run(scraped())


def test_a_relay_tells_what_it_carries_and_what_it_has_done() -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found = pool.apply(run)
    assert (found["nidaan_relay_rooms"], found["nidaan_relay_streams"]) == (1, 1)
    assert found["nidaan_relay_connections"] == 2
    assert found["nidaan_relay_forwarded_packets_total"] > 40  # the one who left counts too
    assert found["nidaan_relay_forwarded_bytes_total"] > 40 * 100
    assert found["nidaan_relay_received_packets_total"] > 20
    assert found["nidaan_relay_paused_pictures"] == 0
    assert "process_cpu_seconds_total" in found


def test_a_late_event_loop_is_told_once() -> None:
    clockwork = Clockwork()
    for now in (1.0, 1.05, 1.40, 1.45):
        clockwork.beat(now, 0.05)
    assert round(clockwork.take(), 3) == 0.3
    assert clockwork.take() == 0.0
