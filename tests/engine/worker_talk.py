"""The engine's process and a graph for it to run, as the tests of its protocol use them."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading

import pytest
import torch
from safetensors.torch import save_file

from engine.planning.options import RunOptions
from engine.worker_messages import RunJob, read_answer, write_message

PATIENCE_SECONDS = 120


class Talk:
    """A process of the engine's, and what was said so far."""

    def __init__(self, command=(sys.executable, "-P", "-m", "engine.worker")):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.heard = []
        self.printed = []
        self._arrived = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._listen),
            threading.Thread(target=lambda: self.printed.extend(self.process.stderr)),
        ]
        for thread in self._threads:
            thread.start()

    def _listen(self):
        for line in self.process.stdout:
            self._arrived.put(read_answer(line))
        self._arrived.put(None)

    def say(self, message):
        self.process.stdin.write(write_message(message))
        self.process.stdin.flush()

    def hear(self, kind):
        """Return the next message of a kind."""
        while (message := self._arrived.get(timeout=PATIENCE_SECONDS)) is not None:
            self.heard.append(message)
            if isinstance(message, kind):
                return message
        pytest.fail(f"the process ended: {self.printed}")

    def hear_all(self):
        while (message := self._arrived.get(timeout=PATIENCE_SECONDS)) is not None:
            self.heard.append(message)
        return self.heard

    def end(self):
        """Close its input and return its exit status."""
        self.process.stdin.close()
        status = self.process.wait(PATIENCE_SECONDS)
        for thread in self._threads:
            thread.join()
        self.process.stdout.close()
        self.process.stderr.close()
        return status


class Place:
    """A folder with two checkpoints and the graph half way between them."""

    def __init__(self, folder, rows):
        self.folder = folder
        generator = torch.Generator().manual_seed(0)
        for name in ("base", "tuned"):
            (folder / name).mkdir()
            tensors = {"embed.weight": torch.randn(12, 8, generator=generator), "layers.0.w": torch.randn(rows, 1000, generator=generator)}
            save_file(tensors, folder / name / "model.safetensors")
        self.graph = {
            "format": "weightloom/1",
            "title": "Half way",
            "nodes": {
                "base": {"operation": "checkpoint", "parameters": {"source": "base"}},
                "tuned": {"operation": "checkpoint", "parameters": {"source": "tuned"}},
                "tau": {"operation": "task_vector"},
                "trim": {"operation": "trim", "parameters": {"density": 0.2}},
                "edit": {"operation": "apply", "parameters": {"strength": 0.5}},
                "out": {"operation": "export_checkpoint", "parameters": {"folder": "out"}},
            },
            "wires": [
                {"from": "tuned.checkpoint", "to": "tau.tuned"},
                {"from": "base.checkpoint", "to": "tau.base"},
                {"from": "tau.vector", "to": "trim.vector"},
                {"from": "trim.vector", "to": "edit.vector"},
                {"from": "base.checkpoint", "to": "edit.base"},
                {"from": "edit.checkpoint", "to": "out.checkpoint"},
            ],
        }

    def job(self, number=1, options=None, kind=RunJob):
        return kind(number, 7, json.dumps(self.graph), self.folder, options or RunOptions())

    def list_folder(self):
        return sorted(path.name for path in self.folder.iterdir())
