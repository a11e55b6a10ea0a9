#pragma once
// The kernel is compiled once for each level of instructions. Every function that these copies share by a header stands in the
// inline namespace NBHYBRID_ISA, so that each copy calls its own: else the linker would keep one of them, and code for a new
// processor would run on an old one. Plain data stays outside.

#ifndef NBHYBRID_ISA
#define NBHYBRID_ISA baseline
#endif
