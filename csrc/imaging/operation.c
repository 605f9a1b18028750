#include "imaging/operation.h"

int tp_operation_run(const tp_operation *operation) {
    for (unsigned i = 0; i < operation->stages; i++) {
        const tp_stage *stage = &operation->stage[i];
        int code = stage->parts ? stage->run(operation->work, 0, stage->parts) : TP_OK;
        if (code) return code;
    }
    return TP_OK;
}
