// SHA-384 in few instructions and little code: a firmware hashes whole kernels with it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/image/sha384.h"

#include "arch/base/mem.h"

/* The first 64 bits of the fractional parts of the cube roots of the first 80 primes. */
static const uint64_t sha384_k[80] = {
	0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
	0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
	0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
	0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
	0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
	0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
	0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
	0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
	0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
	0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
	0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
	0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
	0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
	0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
	0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
	0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
	0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
	0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
	0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
	0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
};

static uint64_t rotate_right(uint64_t value, unsigned count)
{
	return value >> count | value << (64 - count);
}

/* The three rotations of value, combined by XOR: as rotations of rotations they copy it once. A
 * call of it, which clang -Oz makes, costs as much again as all the rest. */
static inline __attribute__((always_inline)) uint64_t rotate_thrice(uint64_t value, unsigned first,
								    unsigned second, unsigned third)
{
	return rotate_right(
		rotate_right(rotate_right(value, third - second) ^ value, second - first) ^ value,
		first);
}

/* The message schedule: the block's words, big-endian, and those that follow from them. */
static void sha384_schedule(const uint8_t *block, uint64_t words[80])
{
	for (unsigned t = 0; t < 16; t++) {
		uint64_t big_endian;
		__builtin_memcpy(&big_endian, block + t * 8, 8);
		words[t] = __builtin_bswap64(big_endian);
	}
	for (unsigned t = 16; t < 80; t++) {
		uint64_t w2 = words[t - 2];
		uint64_t w15 = words[t - 15];
		words[t] = (rotate_right(w2, 19) ^ rotate_right(w2, 61) ^ w2 >> 6) + words[t - 7] +
			   (rotate_right(w15, 1) ^ rotate_right(w15, 8) ^ w15 >> 7) + words[t - 16];
	}
}

static void sha384_block(struct sha384 *hash, const uint8_t *block)
{
	uint64_t words[80];
	sha384_schedule(block, words);
	uint64_t a = hash->state[0], b = hash->state[1], c = hash->state[2], d = hash->state[3];
	uint64_t e = hash->state[4], f = hash->state[5], g = hash->state[6], h = hash->state[7];
/* One round, which leaves the next a in h and the next e in d: instead of the values, the names
 * move on. majority(a, b, c) = b ^ ((a ^ b) & (b ^ c)). */
#define ROUND(a, b, c, d, e, f, g, h, t)                                                          \
	do {                                                                                      \
		h += rotate_thrice(e, 14, 18, 41) + (g ^ (e & (f ^ g))) + sha384_k[t] + words[t]; \
		d += h;                                                                           \
		h += rotate_thrice(a, 28, 34, 39) + (b ^ ((a ^ b) & (b ^ c)));                    \
	} while (0)
	for (unsigned t = 0; t < 80; t += 8) {
		ROUND(a, b, c, d, e, f, g, h, t);
		ROUND(h, a, b, c, d, e, f, g, t + 1);
		ROUND(g, h, a, b, c, d, e, f, t + 2);
		ROUND(f, g, h, a, b, c, d, e, t + 3);
		ROUND(e, f, g, h, a, b, c, d, t + 4);
		ROUND(d, e, f, g, h, a, b, c, t + 5);
		ROUND(c, d, e, f, g, h, a, b, t + 6);
		ROUND(b, c, d, e, f, g, h, a, t + 7);
	}
#undef ROUND
	hash->state[0] += a, hash->state[1] += b, hash->state[2] += c, hash->state[3] += d;
	hash->state[4] += e, hash->state[5] += f, hash->state[6] += g, hash->state[7] += h;
}

void sha384_init(struct sha384 *hash)
{
	/* The first 64 bits of the fractional parts of the square roots of the 9th to the 16th
	 * prime. */
	static const uint64_t start[8] = {
		0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17, 0x152fecd8f70e5939,
		0x67332667ffc00b31, 0x8eb44a8768581511, 0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4,
	};
	memcpy(hash->state, start, sizeof(start));
	hash->size = 0;
}

void sha384_update(struct sha384 *hash, const void *data, size_t size)
{
	const uint8_t *bytes = data;
	while (size > 0) {
		size_t used = hash->size % SHA384_BLOCK_SIZE;
		size_t part = SHA384_BLOCK_SIZE - used;
		part = size < part ? size : part;
		if (part == SHA384_BLOCK_SIZE) { /* a whole block is hashed where it stands */
			sha384_block(hash, bytes);
		} else {
			memcpy(hash->block + used, bytes, part);
			if (used + part == SHA384_BLOCK_SIZE) {
				sha384_block(hash, hash->block);
			}
		}
		hash->size += part;
		bytes += part;
		size -= part;
	}
}

void sha384_final(struct sha384 *hash, uint8_t digest[SHA384_SIZE])
{
	/* The padding: a 1 bit, zeros up to 16 bytes below a block's end, the bit count. */
	size_t used = hash->size % SHA384_BLOCK_SIZE;
	uint64_t bits = __builtin_bswap64(hash->size * 8);
	hash->block[used++] = 0x80;
	if (used > SHA384_BLOCK_SIZE - 16) {
		memset(hash->block + used, 0, SHA384_BLOCK_SIZE - used);
		sha384_block(hash, hash->block);
		used = 0;
	}
	memset(hash->block + used, 0, SHA384_BLOCK_SIZE - 8 - used);
	memcpy(hash->block + SHA384_BLOCK_SIZE - 8, &bits, 8);
	sha384_block(hash, hash->block);
	for (unsigned i = 0; i < SHA384_SIZE / 8; i++) {
		uint64_t big_endian = __builtin_bswap64(hash->state[i]);
		memcpy(digest + i * 8, &big_endian, 8);
	}
}
