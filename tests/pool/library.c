/* Functions for the tests of kernels to call. */
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

/* The sum of the bytes. Code 7: none; code -2: the first one is 255. */
int sum(const void *data, size_t size, void *result) {
    uint64_t total = 0;
    if (size == 0) return 7;
    if (*(const unsigned char *)data == 255) return -2;
    for (size_t i = 0; i < size; i++)
        total += ((const unsigned char *)data)[i];
    memcpy(result, &total, sizeof total);
    return 0;
}

int negate(void *data, size_t size, void *result) {
    if (result) return 1;
    for (size_t i = 0; i < size / sizeof(double); i++)
        ((double *)data)[i] *= -1;
    return 0;
}

int extremes(const void *data, size_t size, void *result) {
    const double *numbers = data;
    double low = numbers[0], high = numbers[0];
    for (size_t i = 1; i < size / sizeof(double); i++) {
        if (numbers[i] < low) low = numbers[i];
        if (numbers[i] > high) high = numbers[i];
    }
    ((double *)result)[0] = low;
    ((double *)result)[1] = high;
    return 0;
}

int32_t i4_to_i4(int32_t x) { return x / 2; }
int64_t i4_to_i8(int32_t x) { return x / 2; }
float i4_to_f4(int32_t x) { return x / 2; }
double i4_to_f8(int32_t x) { return x / 2; }
int32_t i8_to_i4(int64_t x) { return x / 2; }
int64_t i8_to_i8(int64_t x) { return x / 2; }
float i8_to_f4(int64_t x) { return x / 2; }
double i8_to_f8(int64_t x) { return x / 2; }
uint32_t u4_to_u4(uint32_t x) { return x / 2; }
uint64_t u8_to_u8(uint64_t x) { return x / 2; }
int32_t f4_to_i4(float x) { return x / 2; }
int64_t f4_to_i8(float x) { return x / 2; }
float f4_to_f4(float x) { return x / 2; }
double f4_to_f8(float x) { return x / 2; }
int32_t f8_to_i4(double x) { return x / 2; }
int64_t f8_to_i8(double x) { return x / 2; }
float f8_to_f4(double x) { return x / 2; }
double f8_to_f8(double x) { return x / 2; }

/* Sends a signal, or, where it is none, takes a millisecond. */
int32_t send_or_sleep(int32_t number) {
    if (number) return raise(number);
    return nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

int no_character(const void *data, size_t size, void *result) {
    (void)data;
    (void)size;
    *(uint32_t *)result = UINT32_MAX;
    return 0;
}
