"""Hold so much memory of the first GPU, and keep it busy for so long; through the driver alone.

Usage: use.py MIB SPIN_S REST_S [SPIKE_MIB SPIKE_S]

It says `holds` when it has the memory. After a second it takes SPIKE_MIB more for SPIKE_S, where
they are given; then a kernel runs for SPIN_S, and it rests for REST_S. Without a GPU that it may
see it says `no device`, and rests.
"""

import ctypes
import sys
import time

MIB = 2**20
NO_DEVICE = 100  # CUDA_ERROR_NO_DEVICE
LAUNCH_S = 0.05
GRID = (1024, 1, 1, 256, 1, 1)  # every part of the device has work
KERNEL = b"""
.version 7.0
.target sm_75
.address_size 64
.visible .entry spin(.param .u64 length_ns) {
    .reg .u64 %t<4>;
    .reg .pred %again;
    ld.param.u64 %t0, [length_ns];
    mov.u64 %t1, %globaltimer;
    add.u64 %t2, %t1, %t0;
AGAIN:
    mov.u64 %t3, %globaltimer;
    setp.lt.u64 %again, %t3, %t2;
    @%again bra AGAIN;
    ret;
}
"""


class Gpu:
    """The first device, through the driver's own interface."""

    def __init__(self) -> None:
        self._cuda = ctypes.CDLL("libcuda.so.1")
        self._call("cuInit", 0)
        device, context, module = ctypes.c_int(), ctypes.c_void_p(), ctypes.c_void_p()
        self._call("cuDeviceGet", ctypes.byref(device), 0)
        self._call("cuDevicePrimaryCtxRetain", ctypes.byref(context), device)
        self._call("cuCtxSetCurrent", context)
        self._call("cuModuleLoadData", ctypes.byref(module), KERNEL)
        self._kernel = ctypes.c_void_p()
        self._call("cuModuleGetFunction", ctypes.byref(self._kernel), module, b"spin")

    def _call(self, name: str, *arguments: object) -> None:
        code = getattr(self._cuda, name)(*arguments)
        if code:
            raise OSError(code, f"{name} failed")

    def allocate(self, mib: int) -> ctypes.c_uint64:
        """Take memory and write to all of it."""
        address = ctypes.c_uint64()
        if mib:
            size = ctypes.c_size_t(mib * MIB)
            self._call("cuMemAlloc_v2", ctypes.byref(address), size)
            self._call("cuMemsetD8_v2", address, 1, size)
            self._call("cuCtxSynchronize")
        return address

    def free(self, address: ctypes.c_uint64) -> None:
        """Give memory back."""
        self._call("cuMemFree_v2", address)

    def spin(self, seconds: float) -> None:
        """Keep a kernel running."""
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            length = ctypes.c_uint64(int(LAUNCH_S * 1e9))
            arguments = (ctypes.c_void_p * 1)(ctypes.addressof(length))
            self._call("cuLaunchKernel", self._kernel, *GRID, 0, None, arguments, None)
            self._call("cuCtxSynchronize")


def main(mib: int, spin_s: float, rest_s: float, spike_mib: int, spike_s: float) -> None:
    try:
        gpu = Gpu()
    except OSError as error:
        if error.errno != NO_DEVICE:
            raise
        sys.stdout.write("no device\n")
        sys.stdout.flush()
        time.sleep(rest_s)
        return
    gpu.allocate(mib)
    sys.stdout.write("holds\n")
    sys.stdout.flush()
    if spike_mib:
        time.sleep(1)
        spike = gpu.allocate(spike_mib)
        time.sleep(spike_s)
        gpu.free(spike)
    gpu.spin(spin_s)
    time.sleep(rest_s)


if __name__ == "__main__":
    numbers = [float(one) for one in sys.argv[1:]] + [0.0] * 2
    main(int(numbers[0]), numbers[1], numbers[2], int(numbers[3]), numbers[4])
