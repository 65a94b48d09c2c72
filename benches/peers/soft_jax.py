"""The problem of benches/soft.rs in JAX: jit(jacfwd), in chunks of 8,000 entries.

    python3 -m venv venv && venv/bin/pip install jax
    venv/bin/python benches/peers/soft_jax.py

Prints CPU seconds (user and system, all threads) of one evaluation of contents and
Jacobian, the least of five. Every bin is summed, as in `mode: all-bin`.
"""

import os
import resource

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")

import jax
import jax.numpy as jnp
import numpy as np

ENTRIES, CHUNK = 1_000_000, 8_000
EDGES = jnp.linspace(0.0, 100.0, 51)


def contents(parameters, x, u, w):
    scale, shift, threshold, bandwidth = parameters
    value = x * scale + shift
    weight = w * jax.nn.sigmoid(0.1 * (u - threshold))
    z = (EDGES[:, None] - value[None, :]) / bandwidth
    cdf = jax.scipy.stats.norm.cdf(z)
    return ((cdf[1:] - cdf[:-1]) * weight).sum(axis=1)


def both(parameters, x, u, w):
    value = contents(parameters, x, u, w)
    return value, value


def all_chunks(parameters, columns):
    chunks = columns.reshape(3, -1, CHUNK).transpose(1, 0, 2)

    def add(sums, chunk):
        jacobian, value = jax.jacfwd(both, has_aux=True)(parameters, *chunk)
        return (sums[0] + value, sums[1] + jacobian), None

    start = (jnp.zeros(50), jnp.zeros((50, 4)))
    return jax.lax.scan(add, start, chunks)[0]


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main():
    random = np.random.default_rng(1)
    low, high = np.array([[0.0], [0.0], [0.5]]), np.array([[100.0], [100.0], [1.5]])
    columns = jnp.asarray(low + (high - low) * random.random((3, ENTRIES)), dtype=jnp.float32)
    parameters = jnp.array([1.01, 0.3, 40.0, 2.0], dtype=jnp.float32)
    evaluate = jax.jit(all_chunks)
    jax.block_until_ready(evaluate(parameters, columns))
    times = []
    for _ in range(5):
        start = cpu_seconds()
        value, jacobian = jax.block_until_ready(evaluate(parameters, columns))
        times.append(cpu_seconds() - start)
    print(f"jax {jax.__version__}: {min(times):.2f} CPU s (of {sorted(round(t, 2) for t in times)})")
    print(f"sum of contents {float(value.sum()):.1f}, |Jacobian| {float(jnp.abs(jacobian).sum()):.1f}")


if __name__ == "__main__":
    main()
