/* What the files vector_*.h have in common. A file for one instruction set includes one of them, and then a template
 * (*_lanes.h), which works on 32-bit words, the same one of each lane in a vector:
 *
 *   LANES, vector, TARGET: how many, their type, and what the compiler is told of a function
 *   MANY_REGISTERS: defined where there are 32 of that type, not 16
 *   add(x, y), xor2(x, y), xor3(x, y, z), rotate_left(x, n), rotate_right(x, n), shift_right(x, n), constant(word)
 *   choose(x, y, z): bits of y where x has ones, of z elsewhere; majority(x, y, z); xor_or_not(x, y, z): y ^ (x | ~z)
 *   load_block(w, blocks, big_endian): the 16 words of each lane's block of 64 bytes, of any alignment
 *   transpose(r): LANES vectors, whose rows become columns
 *   prefetch(address): of data that will be read
 *   load_states(s, states), store_states(states, s): 8 words of each lane; the second may spoil s */
#ifndef TP_VECTOR_H
#define TP_VECTOR_H

#include "simd.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#endif
