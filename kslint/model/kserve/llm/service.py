"""One LLMInferenceService: the configs it is made from, its pools, storage and router."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from kslint.model.kserve.llm.configs import present
from kslint.model.kserve.llm.pools import Pool
from kslint.model.kserve.llm.router import Router
from kslint.model.kserve.llm.spec import MergedSpec
from kslint.model.kserve.llm.storage import adapter_storage, model_storage
from kslint.model.kserve.storage.reading import is_stock
from kslint.model.kserve.storage.sources import hub_model
from kslint.model.kubernetes.admission.field_errors import opaque

if TYPE_CHECKING:
    from kslint.model.kserve.llm.storage import Storage


class LLMInferenceService(MergedSpec):
    """An LLMInferenceService and what the controller will make of it."""

    @cached_property
    def pools(self) -> list[Pool]:
        """The sets of pods it will have, by what is known of its shape."""
        found = []
        prefill = present(self.known, "prefill")
        for name, path in ((("decode" if prefill else "main"), ()), ("prefill", ("prefill",))):
            if path and not prefill:
                continue
            pool = Pool(self, name, path, "template")
            if not pool.multi_node or self.effective is None or pool.pod_spec is not None:
                found.append(pool)
            if pool.multi_node:
                worker = "prefill-worker" if path else "worker"
                found.append(Pool(self, worker, path, "worker"))
        return found

    @cached_property
    def total_gpus(self) -> int | None:
        """Accelerators of all pools at their most; None if one of them is unknown."""
        totals = [pool.total_gpus for pool in self.pools]
        known = [total for total in totals if total is not None]
        return sum(known) if len(known) == len(totals) and self.shape is not None else None

    @cached_property
    def router(self) -> Router:
        return Router(self)

    @cached_property
    def storage(self) -> Storage | None:
        """Where model.uri points; None if there is no uri, or only an unknown config has it."""
        return model_storage(self)

    @property
    def own_initializer(self) -> bool:
        """Does a template of its own change the storage initializer?"""
        return any(
            container.string("name") == "storage-initializer"
            for path in (("template",), ("prefill", "template"))
            for container in self.known.listed(*path, "initContainers")
        )

    @property
    def unfetchable(self) -> list[Storage]:
        """What KServe's storage initializer is given, and is no address of the hub.

        Source: python/storage/kserve_storage/kserve_storage.py _download_hf @v0.19.0.
        """
        if self.own_initializer or not is_stock(self.settings):
            return []
        return [
            one
            for one in (self.storage, *self.adapters)
            if one is not None and one.scheme == "hf" and one.downloads and not one.error
            if hub_model(one.uri) is None and not opaque(one.uri)
        ]

    @cached_property
    def adapters(self) -> list[Storage]:
        """The LoRA adapters of model.lora, in their order."""
        return adapter_storage(self)
