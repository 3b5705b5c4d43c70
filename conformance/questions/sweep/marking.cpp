// The verdicts of a block, element by element: what marking.py does chunk by chunk.
//
// Before this text stand, for one slice,
//
//     DEVICE               nothing, or what marks a function of the device
//     INPUTS, ROWS, USED   how many inputs, quantities and tables there are
//     HELD                 whether the second table is that of hyperparameters as they are held
//     SMALLEST, DIGITS, LIMIT, SHARE, LAST, SURE, UNSURE    what marking.described says of the dtype
//     INFINITE, NO_NUMBER
//     table(which, x, value, error)    value and error of each quantity by a table
//
// Nothing may be contracted or reordered: --fmad=false, -ffp-contract=off.

typedef long long int64;
enum { EXACT, ROUNDING, REPRESENTATION, RANGE, VERDICTS };
// What has become of a result: no table holds it, one does, or the tables promise nothing of it.
enum { WRONG, HELD_BY_ONE, UNSAID };

// What one thread has found: results by verdict, the largest score and error in ulp and where, and
// the largest score of what the second table holds.
struct Found {
    int64 counts[ROWS][VERDICTS];
    int64 places[ROWS][2];
    double best[ROWS][2];
    double held[ROWS];
};

// Before a block: the largest scores and errors so far, then those of what is held.
DEVICE Found begun(const double *before) {
    Found found = {};
    for (int row = 0; row < ROWS; ++row) {
        for (int i = 0; i < 2; ++i) {
            found.places[row][i] = -1;
            found.best[row][i] = before[2 * row + i];
        }
        found.held[row] = before[2 * ROWS + row];
    }
    return found;
}

DEVICE void keep(const Found &found, int64 thread, int64 *counts, int64 *places, double *best,
                 double *held) {
    for (int row = 0; row < ROWS; ++row) {
        const int64 at = thread * ROWS + row;
        for (int i = 0; i < VERDICTS; ++i) counts[at * VERDICTS + i] = found.counts[row][i];
        for (int i = 0; i < 2; ++i) {
            places[at * 2 + i] = found.places[row][i];
            best[at * 2 + i] = found.best[row][i];
        }
        held[at] = found.held[row];
    }
}

union Parts {
    double number;
    int64 bits;
};

// A float32 by its bits: a compiler that flushes subnormal ones (CuPy asks for it) cannot here.
DEVICE double widened(unsigned bits) {
    Parts parts = {0.0};
    const int64 exponent = bits >> 23 & 0xFF, digits = bits & 0x7FFFFF;
    if (exponent == 0)
        parts.number = digits * 0x1p-149;
    else
        parts.bits = (exponent == 0xFF ? 0x7FF : exponent + (1023 - 127)) << 52 | digits << 29;
    return bits >> 31 ? -parts.number : parts.number;
}

DEVICE double power_below(double x) {
    Parts parts = {x};
    parts.bits &= 0x7FF0000000000000LL;
    return parts.number > SMALLEST ? parts.number : SMALLEST;
}

DEVICE double rounded(double x) {
    const double shift = power_below(x) * DIGITS, near = (x + shift) - shift;
    return fabs(near) < LIMIT ? near : copysign(INFINITE, x);
}

DEVICE double distance_of(double seen, double value) {
    const bool same = (seen == value) | ((seen != seen) & (value != value));
    return same ? 0.0 : fabs(seen - value);
}

// Whether a result inside its bound is certainly the exact one rounded to nearest.
DEVICE bool nearest(double seen, double value, double error, double distance, double power) {
    const double own = error * SHARE, room = 0.5 * LAST * power;
    if (distance + own < room * SURE) return true;
    if (distance - own > room * UNSURE) return false;
    if ((distance == 0.0) & !(fabs(value) < INFINITE)) return true;
    return (seen == rounded(value - own)) & (seen == rounded(value + own));
}

DEVICE void exceed(Found &found, int row, double error, double distance, double power, int64 at) {
    if (distance > found.best[row][0] * error && distance / error > found.best[row][0]) {
        found.best[row][0] = distance / error;
        found.places[row][0] = at;
    }
    const double unit = power * LAST;
    if (distance > found.best[row][1] * unit && distance / unit > found.best[row][1]) {
        found.best[row][1] = distance / unit;
        found.places[row][1] = at;
    }
}

// One element: its inputs, and the bits of what came of each quantity, a column of `seen`.
DEVICE void judged(const double *x, const unsigned *seen, int64 size, int64 at,
                   unsigned char *marks, Found &found) {
    double value[ROWS], error[ROWS];
    bool done[ROWS], endless[ROWS], unsaid[ROWS];
    int left = 0;
    table(0, x, value, error);
    for (int row = 0; row < ROWS; ++row) {
        const double s = widened(seen[row * size + at]), v = value[row], e = error[row];
        const double distance = distance_of(s, v);
        endless[row] = unsaid[row] = e == INFINITE;
        done[row] = (distance <= e) & (e < INFINITE);
        left += !done[row];
        if (!done[row]) continue;
        const double power = power_below(v);
        const bool exact = nearest(s, v, e, distance, power);
        found.counts[row][EXACT] += exact;
        found.counts[row][ROUNDING] += !exact;
        if (distance > 0.0) exceed(found, row, e, distance, power, at);
    }
    const bool strange = !(fabs(x[INPUTS - 1]) < INFINITE);
    for (int which = 1; which < USED && left; ++which) {
        const bool own = HELD && which == 1;
        table(which, x, value, error);
        for (int row = 0; row < ROWS; ++row) {
            if (done[row] || (own ? strange : endless[row])) continue;
            const double s = widened(seen[row * size + at]), v = value[row], e = error[row];
            const double distance = distance_of(s, v);
            const bool fits = (distance <= e) & (e < INFINITE), finite = fabs(s) < INFINITE;
            // Legal orders differ in what a strange gradient makes, but nothing swallows it.
            if (strange ? !((fits | !finite) & !(finite & (v != v))) : !fits) {
                unsaid[row] |= !own & (e == INFINITE);
                continue;
            }
            if (own && fabs(s - v) > found.held[row] * e) found.held[row] = fabs(s - v) / e;
            done[row] = true;
            --left;
            ++found.counts[row][own ? REPRESENTATION : RANGE];
        }
    }
    for (int row = 0; row < ROWS; ++row)
        marks[row * size + at] = done[row] ? HELD_BY_ONE : unsaid[row] ? UNSAID : WRONG;
}

// A thread's share of a block: every `step`-th element, in their order.
DEVICE void share(const unsigned *const *given, const unsigned *seen, int64 size, int64 first,
                  int64 step, unsigned char *marks, Found &found) {
    for (int64 at = first; at < size; at += step) {
        double x[INPUTS];
        for (int i = 0; i < INPUTS; ++i) x[i] = widened(given[i][at]);
        judged(x, seen, size, at, marks, found);
    }
}
