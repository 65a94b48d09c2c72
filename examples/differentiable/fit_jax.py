"""Fits a calibration and a signal's strength through gpuana, with JAX and pyhf's likelihood.

    python fit_jax.py                  needs jax, pyhf, and gpuana on the PATH (or GPUANA=...)

What you learn here: `gpuana grad` as a JAX function with a custom gradient. Forward it computes
histograms and their Jacobian, backward it multiplies by the Jacobian; the likelihood and its
gradient are JAX's. Histograms add up over files; the likelihood does not.
"""
import json
import os
import pathlib
import subprocess
import tempfile

import jax
import jax.numpy as jnp
import numpy as np
import pyhf

jax.config.update("jax_enable_x64", True)
pyhf.set_backend("jax")

HERE = pathlib.Path(__file__).parent
GPUANA = os.environ.get("GPUANA", "gpuana")
ANALYSIS = HERE / "dijet.yaml"
HISTOGRAM = "mjj_two_jets_jes_alpha"


def gradients(alpha):
    """The histogram at this calibration, and its derivatives by alpha."""
    with tempfile.TemporaryDirectory() as out:
        command = [GPUANA, "grad", ANALYSIS, "--precision", "f64", "--quiet", "-o", out]
        subprocess.run([*map(str, command), "--set", f"alpha={float(alpha)!r}"], check=True)
        found = json.loads((pathlib.Path(out) / "gradients.json").read_text())
    column = [p["name"] for p in found["parameters"]].index("alpha")
    histogram = found["histograms"][HISTOGRAM]
    inside = slice(1, -1)
    return np.array(histogram["values"])[inside], np.array(histogram["jacobian"])[inside, column]


@jax.custom_vjp
def spectrum(alpha):
    return jnp.asarray(gradients(alpha)[0])


def forward(alpha):
    values, by_alpha = gradients(alpha)
    return jnp.asarray(values), jnp.asarray(by_alpha)


def backward(by_alpha, cotangent):
    return (cotangent @ by_alpha,)


spectrum.defvjp(forward, backward)

# A bump as the signal, the dijet spectrum as the background whose jets are calibrated by alpha.
centres = np.arange(2.5, 250, 5)
signal = jnp.asarray(15 * np.exp(-0.5 * ((centres - 120) / 10) ** 2))
PRIOR = 0.03


def nll(parameters, observed):
    """Minus twice the log likelihood: Poisson counts, and the measurement of alpha."""
    mu, alpha = parameters
    expected = mu * signal + spectrum(alpha) + 1e-3
    counts = pyhf.probability.Independent(pyhf.probability.Poisson(expected)).log_prob(observed)
    constraint = pyhf.probability.Normal(0.0, PRIOR).log_prob(alpha)
    return -2 * (counts + constraint)


def main():
    true = (1.0, 0.02)
    observed = true[0] * signal + spectrum(true[1]) + 1e-3
    value_and_gradient = jax.value_and_grad(nll)
    # By differences, once: the gradient is right.
    at = jnp.array([0.5, -0.01])
    _, gradient = value_and_gradient(at, observed)
    step = 1e-4
    sides = [nll(at + jnp.array([0.0, s]), observed) for s in (-step, step)]
    print(f"d/d alpha {gradient[1]:.4f}, by differences {(sides[1] - sides[0]) / (2 * step):.4f}")
    # Newton's steps with the expected information, which needs the Jacobian only.
    for step in range(20):
        value, gradient = value_and_gradient(at, observed)
        print(f"step {step}: mu {at[0]:.5f}  alpha {at[1]:.5f}  -2 ln L {value:.6f}")
        values, by_alpha = gradients(at[1])
        rows = jnp.stack([signal, jnp.asarray(by_alpha)])
        weights = rows / (at[0] * signal + values + 1e-3)
        information = weights @ rows.T + jnp.diag(jnp.array([0.0, PRIOR**-2]))
        move = jnp.linalg.solve(2 * information, gradient)
        at = at - move
        if jnp.abs(move).max() < 1e-6:
            break
    deviations = jnp.sqrt(jnp.diag(jnp.linalg.inv(information)))
    print(f"mu {at[0]:.4f} +- {deviations[0]:.4f}, alpha {at[1]:.4f} +- {deviations[1]:.4f}")
    # The measurement of alpha, which says 0, draws it there.
    assert abs(at[0] - true[0]) < 0.1 * deviations[0] and 0 < at[1] < true[1]


if __name__ == "__main__":
    main()
