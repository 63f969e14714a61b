"""Reader: its sabotages; its tests are those of the stream, for neither does anything alone."""

from tests.parts import test_stream

before = test_stream.test_acknowledged_before_the_work_a_crash_loses_messages
after = test_stream.test_acknowledged_after_it_a_crash_repeats_them
dedupe = test_stream.test_dedupe_does_not_do_again_what_this_process_has_done
tries = test_stream.test_a_message_that_fails_holds_up_its_partition_until_it_is_given_up

SABOTAGE = {
    "always acknowledges after the work": (
        "if self._ctx.settings.acknowledge is Acknowledge.BEFORE:",
        "if False:",
        "before",
    ),
    "always acknowledges before it": (
        "if self._ctx.settings.acknowledge is Acknowledge.BEFORE:",
        "if True:",
        "after",
    ),
    "remembers nothing": ("self._done.add(name)", "pass", "dedupe"),
    "gives up at once": ("if tried == self._ctx.settings.tries:", "if True:", "tries"),
}
