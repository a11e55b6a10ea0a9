"""Certifies the constants of csrc/nbhybrid/numerics/bounded_sine.hpp and bounded_exponential.hpp with rational arithmetic.

    python docs/exactness.py

Nothing is sampled: the error of a polynomial is bounded on small intervals by its Bernstein coefficients. Exit status 1 if a
constant promises too much.
"""

import decimal
import fractions
import math
import pathlib
import re
import sys

NUMERICS = pathlib.Path(__file__).resolve().parents[1] / "csrc/nbhybrid/numerics"
Q = fractions.Fraction
U = Q(1, 2**53)  # the largest relative error of one rounding
# Enough digits that their error does not matter: that of pi is below 1e-99.
PI = Q(decimal.Decimal("3.1415926535897932384626433832795028841971693993751058209749445923078164062862089986280348253421170679"))
LN2 = Q(decimal.Decimal("0.69314718055994530941723212145817656807550013436025525412068000949339362196969471560586332699641868754"))
# Slightly beyond pi / 2 and ln 2 / 2: the multiple is found from a rounded product.
LARGEST_REDUCED = Q(15708, 10000)
LARGEST_REMAINDER = Q(3466, 10000)


def constants(text, function):
    """Return the numbers of a function's polynomial, the highest power first."""
    body = re.search(rf"inline double {function}\(double \w+\) {{(.*?)\n}}", text, re.S).group(1)
    first = re.search(r"double p = ([^;]+);", body).group(1)
    rest = re.findall(r"p = multiply_add\(p, \w+, ([^)]+)\);", body)
    return [quotient(word) for word in (first, *rest)]


def quotient(word):
    """Return the double that a constant of the source stands for."""
    above, _, below = word.partition("/")
    return Q(float(above) / float(below)) if below else Q(float(above))


def named(text, name):
    """Return a named constant of the header."""
    return Q(float(re.search(rf"constexpr double {name} = ([^;]+);", text).group(1)))


def shifted(polynomial, low, high):
    """Return the coefficients, lowest first, in a variable that runs from 0 to 1 over low ... high."""
    result = [Q(0)]
    for c in reversed(polynomial):
        times = [Q(0)] * (len(result) + 1)
        for i, r in enumerate(result):
            times[i] += r * low
            times[i + 1] += r * (high - low)
        times[0] += c
        result = times
    return result[: len(polynomial)]


def largest_on(polynomial, low, high):
    """Return a bound of the absolute value: the largest of the Bernstein coefficients."""
    c = shifted(polynomial, low, high)
    n = len(c) - 1
    return max(abs(sum(Q(math.comb(j, i), math.comb(n, i)) * c[i] for i in range(j + 1))) for j in range(n + 1))


def value(polynomial, x):
    """Return the value at a point."""
    result = Q(0)
    for c in reversed(polynomial):
        result = result * x + c
    return result


def largest_error(polynomial, series, rest, low, high, relative, pieces=256):
    """Return a bound of |polynomial - f|, or of that over f, for the f that is `series` but for `rest` at most."""
    size = max(len(polynomial), len(series))
    difference = [(polynomial[i] if i < len(polynomial) else 0) - (series[i] if i < len(series) else 0) for i in range(size)]
    worst = Q(0)
    for piece in range(pieces):
        a, b = (low + (high - low) * Q(i, pieces) for i in (piece, piece + 1))
        error = largest_on(difference, a, b) + rest
        # The functions are monotonic here.
        smallest = min(abs(value(series, a)), abs(value(series, b))) - rest if relative else Q(1)
        worst = max(worst, error / smallest)
    return worst


def sine_error(coefficients):
    """Return the relative error of r + r^3 P(r^2) against sin r."""
    polynomial = [Q(1), *reversed(coefficients)]
    series = [Q((-1) ** k, math.factorial(2 * k + 1)) for k in range(16)]
    u = LARGEST_REDUCED**2
    return largest_error(polynomial, series, u**16 / math.factorial(33), Q(0), u, relative=True)


def cosine_error(coefficients):
    """Return the absolute error of 1 + r^2 P(r^2) against cos r."""
    polynomial = [Q(1), *reversed(coefficients)]
    series = [Q((-1) ** k, math.factorial(2 * k)) for k in range(16)]
    u = LARGEST_REDUCED**2
    return largest_error(polynomial, series, u**16 / math.factorial(32), Q(0), u, relative=False)


def exponential_error(coefficients):
    """Return the relative error of P(r) against exp r."""
    series = [Q(1, math.factorial(k)) for k in range(20)]
    r = LARGEST_REMAINDER
    return largest_error(list(reversed(coefficients)), series, 2 * r**20 / math.factorial(20), -r, r, relative=True)


def times(p, q):
    """Return the product of two polynomials, lowest coefficients first."""
    result = [Q(0)] * (len(p) + len(q) - 1)
    for i, a in enumerate(p):
        for j, b in enumerate(q):
            result[i + j] += a * b
    return result


def plus(*polynomials):
    """Return the sum of polynomials, lowest coefficients first."""
    size = max(len(p) for p in polynomials)
    return [sum((p[i] if i < len(p) else Q(0) for p in polynomials), Q(0)) for i in range(size)]


def scaled_sine_error(text, pieces=64):
    """Return the relative error of scaled_sine(x), times its factor, against sin(pi x) for |x| <= 1/2."""
    body = re.search(r"inline double scaled_sine\(double x\) {(.*?)\n}", text, re.S).group(1)
    a0, a1, a2, a3, a4, a5 = (Q(float(word)) for word in re.findall(r"-?\d+\.\d+", body))
    scale = named(text, "sine_of_scaled")
    u, highest = [Q(0), Q(1)], Q(1, 4)
    first, second = plus(u, [a0]), plus(u, [a2])
    v = plus(times(first, u), [a1])
    w = plus(times(second, v), [a3])
    shifted_v = plus(v, [a4])
    both = plus(w, shifted_v)
    whole = plus(times(both, w), [a5])
    series = [Q((-1) ** k, math.factorial(2 * k + 1)) * PI ** (2 * k + 1) for k in range(16)]
    rest = (PI**2 * highest) ** 16 * PI / math.factorial(33)
    approximation = largest_error([scale * c for c in whole], series, rest, Q(0), highest, relative=True)
    slope = [i * c for i, c in enumerate(whole)][1:]
    worst = Q(0)
    for piece in range(pieces):
        low, high = Q(piece, pieces) * highest, Q(piece + 1, pieces) * highest

        def size(polynomial, low=low, high=high):
            return largest_on(polynomial, low, high)

        # In units of U, with two roundings for each product and sum, as without fused operations.
        v_error = high * size(first) + size(times(first, u)) + size(v)
        w_error = size(v) * size(second) + size(second) * v_error + size(times(second, v)) + size(w)
        shifted_error = v_error + size(shifted_v)
        error = (
            size(plus(both, w)) * w_error  # w is a factor and a part of the other factor
            + size(w) * (shifted_error + size(both))
            + size(times(both, w))
            + size(whole)
            + size(slope) * high  # u is rounded
        )
        smallest = min(abs(value(whole, low)), abs(value(whole, high)))
        worst = max(worst, error / smallest)
    return approximation + Q(102, 100) * (worst + 1) * U


def reduction_error(smallest_reduced):
    """Return the error of a reduced phase relative to its sine, per radian of the phase: what is missing of pi."""
    with_fma = abs(PI - Q(float.fromhex("0x1.921fb54442d18p+1")) - Q(float.fromhex("0x1.1a62633145c07p-53")))
    low = Q(float.fromhex("0x1.13198a2e03707p-64"))
    parts = Q(float.fromhex("0x1.921fb544p+1")) + Q(float.fromhex("0x1.0b4611a4p-33")) + low
    without = abs(PI - parts) + low * U
    # The multiple is at most phase / pi + 1/2, which is less than phase for a phase above pi / 2; the sine is at least 2 / pi of
    # the reduced phase.
    return max(with_fma, without) * PI / 2 / smallest_reduced


def main():
    """Print what is promised and what is certified."""
    text = "".join((NUMERICS / name).read_text() for name in ("bounded_sine.hpp", "bounded_exponential.hpp"))
    # Roundings, as docs/exactness.md counts them: of the polynomial's value, and of the reduced argument.
    rows = [
        ("sine_error", sine_error(constants(text, "sine_of_reduced")) + 9 * U),
        ("accurate_sine_error", sine_error(constants(text, "accurate_sine_of_reduced")) + 9 * U),
        ("scaled_sine_error", scaled_sine_error(text)),
        ("cosine_error", cosine_error(constants(text, "cosine_of_reduced")) + 10 * U),
        ("exponential_error", exponential_error(constants(text, "exponential")) + 8 * U),
        ("reduction_error_per_radian", reduction_error(named(text, "smallest_reduced"))),
    ]
    good = True
    for name, certified in rows:
        promised = named(text, name)
        good = good and certified <= promised
        verdict = "" if certified <= promised else "  FAILS"
        print(f"{name:27} promised {float(promised):.4g}, certified {float(certified):.4g}{verdict}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
