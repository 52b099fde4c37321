"""Starts a QEMU with several vCPUs and looks at their threads from outside. The guest is one instruction long."""

import json
import os
import subprocess
import sys
import time

# At the reset vector, 16 bytes below the end of the firmware: JMP to itself. Only the first vCPU starts there;
# the others wait for it to send them a SIPI.
FIRMWARE = b"\xf4" * 65520 + b"\xeb\xfe" + b"\xf4" * 14


class Machine:
    """A QEMU process whose guest does not run yet, spoken to over QMP."""

    def __init__(self, vcpus, accelerator="tcg,thread=multi"):
        with open("spin.bin", "wb") as firmware:
            firmware.write(FIRMWARE)
        command = ["qemu-system-x86_64", "-accel", accelerator, "-smp", str(vcpus), "-m", "16", "-bios", "spin.bin"]
        command += ["-S", "-nodefaults", "-display", "none", "-qmp", "stdio", "-name", "guest,debug-threads=on"]
        self.qemu = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.answer()  # the greeting
        self.ask("qmp_capabilities")

    def ask(self, command):
        print(json.dumps({"execute": command}), file=self.qemu.stdin, flush=True)
        return self.answer()

    def answer(self):
        for line in self.qemu.stdout:
            message = json.loads(line)
            if "event" not in message:
                return message.get("return")

    def threads(self):
        """The thread of each vCPU."""
        return [vcpu["thread-id"] for vcpu in self.ask("query-cpus-fast")]

    def file(self, thread, name):
        with open(f"/proc/{self.qemu.pid}/task/{thread}/{name}") as file:
            return file.read()

    def seconds(self, thread):
        """The processor time that a thread has had: utime and stime."""
        return sum(map(int, self.stat(thread)[11:13])) / os.sysconf("SC_CLK_TCK")

    def processor(self, thread):
        """The logical processor that a thread ran on last."""
        return self.stat(thread)[36]

    def stat(self, thread):
        """The fields of proc_pid_stat(5) from the third on."""
        return self.file(thread, "stat").rpartition(")")[2].split()

    def end(self):
        self.ask("quit")
        self.qemu.communicate()


# [start:names]
def names():
    """The threads of four vCPUs, in both of the emulator's ways."""
    for way in "multi", "single":
        machine = Machine(4, f"tcg,thread={way}")
        threads = machine.threads()
        print(f"thread={way}: 4 vCPUs, {len(set(threads))} thread(s)")
        for thread in dict.fromkeys(threads):
            print("   ", machine.file(thread, "comm").strip())
        machine.end()


# [end:names]


# [start:work]
def work():
    """Which vCPUs had time, and what a stopped one gets."""
    machine = Machine(4)
    threads = machine.threads()
    machine.ask("cont")
    while machine.seconds(threads[0]) < 0.5:
        time.sleep(0.05)
    for vcpu, thread in enumerate(threads):
        worked = machine.seconds(thread) > 0.1
        print(f"vCPU {vcpu}", "has worked" if worked else "has slept")
    machine.ask("stop")
    before = machine.seconds(threads[0])
    time.sleep(0.5)
    print(f"stopped: {machine.seconds(threads[0]) - before:.1f} s more")
    machine.end()


# [end:work]


# [start:many]
def many():
    """More vCPUs than there may be processors, all on one."""
    vcpus = 16
    machine = Machine(vcpus)
    threads = machine.threads()
    allowed = os.sched_getaffinity(0)
    free = all(os.sched_getaffinity(thread) == allowed for thread in threads)
    print("free to move, as all of the process is:", free)
    one = min(allowed)
    for thread in threads:
        os.sched_setaffinity(thread, {one})
    machine.ask("cont")
    while machine.seconds(threads[0]) < 0.2:
        time.sleep(0.05)
    on = {machine.processor(thread) for thread in threads}
    print(f"{len(set(threads))} vCPUs on {len(on)} logical processor")
    machine.end()


# [end:many]


{"names": names, "work": work, "many": many}[sys.argv[1]]()
