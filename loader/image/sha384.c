// SHA-384 with a 16-word message schedule: size before speed.
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

static void sha384_block(struct sha384 *hash)
{
	uint64_t w[16];
	for (unsigned i = 0; i < 16; i++) {
		uint64_t big_endian;
		memcpy(&big_endian, hash->block + i * 8, 8);
		w[i] = __builtin_bswap64(big_endian);
	}
	/* s[0] to s[7] are a to h. Each round moves s down by one, which renames them all. */
	uint64_t words[80 + 8];
	uint64_t *s = words + 80;
	memcpy(s, hash->state, sizeof(hash->state));
	for (unsigned t = 0; t < 80; t++) {
		if (t >= 16) {
			uint64_t w2 = w[(t - 2) % 16];
			uint64_t w15 = w[(t - 15) % 16];
			w[t % 16] += (rotate_right(w2, 19) ^ rotate_right(w2, 61) ^ w2 >> 6) +
				     w[(t - 7) % 16] +
				     (rotate_right(w15, 1) ^ rotate_right(w15, 8) ^ w15 >> 7);
		}
		uint64_t sum1 =
			rotate_right(s[4], 14) ^ rotate_right(s[4], 18) ^ rotate_right(s[4], 41);
		uint64_t choose = (s[4] & s[5]) ^ (~s[4] & s[6]);
		uint64_t t1 = s[7] + sum1 + choose + sha384_k[t] + w[t % 16];
		uint64_t sum0 =
			rotate_right(s[0], 28) ^ rotate_right(s[0], 34) ^ rotate_right(s[0], 39);
		uint64_t majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
		s--;
		s[4] += t1;
		s[0] = t1 + sum0 + majority;
	}
	for (unsigned i = 0; i < 8; i++) {
		hash->state[i] += s[i];
	}
}

void sha384_init(struct sha384 *hash)
{
	/* The same of the square roots of the 9th to the 16th prime. */
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
		memcpy(hash->block + used, bytes, part);
		hash->size += part;
		bytes += part;
		size -= part;
		if (used + part == SHA384_BLOCK_SIZE) {
			sha384_block(hash);
		}
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
		sha384_block(hash);
		used = 0;
	}
	memset(hash->block + used, 0, SHA384_BLOCK_SIZE - 8 - used);
	memcpy(hash->block + SHA384_BLOCK_SIZE - 8, &bits, 8);
	sha384_block(hash);
	for (unsigned i = 0; i < SHA384_SIZE / 8; i++) {
		uint64_t big_endian = __builtin_bswap64(hash->state[i]);
		memcpy(digest + i * 8, &big_endian, 8);
	}
}
