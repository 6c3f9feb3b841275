// Answers the CPUID instructions that on_avx2.py has replaced, as a processor would that has AVX2 and nothing newer.
// Bits as in Intel's Software Developer's Manual, volume 2A, CPUID.
#define _GNU_SOURCE
#include <cpuid.h>
#include <signal.h>
#include <stdlib.h>
#include <ucontext.h>

#define BIT(n) (1u << (n))

static void answer(int signal_number, siginfo_t *info, void *context) {
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  const unsigned char *instruction = (const unsigned char *)registers[REG_RIP];
  if (instruction[0] != 0x0f || instruction[1] != 0x0b) abort(); // not one of ours: an illegal instruction indeed
  const unsigned leaf = registers[REG_RAX], part = registers[REG_RCX];
  unsigned a, b, c, d;
  __cpuid_count(leaf, part, a, b, c, d);
  if (leaf == 7 && part == 0) {
    b &= ~(BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | BIT(28) | BIT(30) | BIT(31)); // AVX512F, DQ, IFMA, PF, ER, CD, BW, VL
    c &= ~(BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14)); // VBMI, VBMI2, VNNI, BITALG, VPOPCNTDQ
    d &= ~(BIT(2) | BIT(3) | BIT(8) | BIT(22) | BIT(23) | BIT(24) | BIT(25)); // 4VNNIW, 4FMAPS, VP2INTERSECT, AMX, FP16
  } else if (leaf == 7) {
    a = b = c = d = 0; // AVX-VNNI, AVX512_BF16 and what came after them
  } else if (leaf == 0x24) {
    a = b = c = d = 0; // AVX10
  }
  registers[REG_RAX] = a, registers[REG_RBX] = b, registers[REG_RCX] = c, registers[REG_RDX] = d;
  registers[REG_RIP] += 2;
}

__attribute__((constructor)) static void begin(void) {
  struct sigaction action = {0};
  action.sa_sigaction = answer;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  sigaction(SIGILL, &action, NULL);
}
